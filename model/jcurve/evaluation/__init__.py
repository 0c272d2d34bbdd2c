"""A company's model evaluated for a scenario: by NumPy or compiled, with results and gradients.

In go the assembled model of a company (``jcurve.company``) and a scenario's rows; out come rows of
every line, headline results and, on request, their derivatives. Start reading at ``evaluator``.
"""
