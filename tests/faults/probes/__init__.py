"""The attackers' review, finding by finding, as attacks that run on 5b55bc2 and on this code alike.

Each uses only what both trees have: the product's own parts, and the fakes of the tree that it runs in. On 5b55bc2 it
must get through, here it must be refused; `make attacks` (tests/faults/red_team.py) runs them on both.
"""
