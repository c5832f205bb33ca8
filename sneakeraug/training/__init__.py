"""The joining modules of training: photos and events in, a published model folder out."""
