"""A company's model evaluated for a scenario: by NumPy or machine code, with names and gradients.

In go the assembled model of a company (``jcurve.company``) and a scenario's rows; out come rows of
every line and, on request, their derivatives. Start reading at ``evaluator``; ``naming`` says what
a reader's name for a number means, and where an input comes from.

>>> from jcurve.company import model
>>> from jcurve.evaluation.naming import key_of
>>> key_of(model().model, "npv.go_forward")
('npv', 'go_forward')
"""
