"""A minimal LMS around Open edX's LTI consumer, a process of its own under Django.

Real, from the package ``lti-consumer-xblock``: the block (fields, student and author views, launch data), login
initiation, authentication and its messages, tokens, key sets, line items, scores, results, roster, deep linking, the
models and migrations behind them, and the rule that turns a score into a grade.

Ours, because it takes a whole edx-platform: people and their enrolment, where blocks are kept, access rights, the
gradebook (:mod:`campus.stand_ins`, :mod:`campus.blocks`), and the doors by which tests prepare and look. For speed
alone, blocks take a few ready RSA keys in turn, and a private key is read once.
"""
