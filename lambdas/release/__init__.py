"""From a finished training job to a champion: verify, register, gate, request, settle."""
