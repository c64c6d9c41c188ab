"""What keeps a deployment from being sound: each thing looked at, what was found, and its exact fix. It only reads."""

from lms.doctor.finding import Finding, State, good

__all__ = ["Finding", "State", "good"]
