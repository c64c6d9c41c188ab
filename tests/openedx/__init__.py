"""Open edX as a second platform: :mod:`tests.openedx.campus` says what of it is real."""
