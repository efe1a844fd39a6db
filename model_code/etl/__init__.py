"""From a raw ledger to training data: read, check, label, compute features, split by time, write with hashes."""
