"""OctoPrint's addresses, as far as PrusaSlicer, SuperSlicer and OrcaSlicer use them to send a file.

Answers are in OctoPrint's shapes: what a slicer shows of a refusal is its body.
"""
