"""The local SageMaker on the real emulator, with a tiny container in place of the model image."""
