"""Slow, plain second calculations, written without the engine."""
