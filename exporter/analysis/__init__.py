"""From all that is known of a Service to what is true of it: pure functions, a file a question.

Nothing here does I/O, keeps state between calls or reads a clock: time comes in as an argument.
"""
