"""The story: the platform's main job, end to end on one machine. `make story` tells it, `build/story.json` records it.

May import everything in `local`, and of `model_code` only what a data scientist's notebook would; never `lambdas`.
"""
