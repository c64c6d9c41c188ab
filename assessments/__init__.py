"""Drawing questions and grading answers: a pure domain package."""
