"""What nominative data are looked at or taken out for (finalité): asked of whoever does, kept in the journal."""

from curricula.model import Localized

PURPOSES: dict[str, Localized] = {
    "training": {"fr": "Suivi de la formation des agents", "en": "Following the training of agents"},
    "plan": {"fr": "Préparation du plan de formation", "en": "Preparing the training plan"},
    "budget": {"fr": "Suivi du budget de formation", "en": "Following the training budget"},
    "renewal": {"fr": "Renouvellement des certificats", "en": "Renewing certificates"},
    "literacy": {"fr": "Preuve des mesures de maîtrise de l’IA", "en": "Evidence of AI literacy measures"},
    "audit": {"fr": "Contrôle ou audit", "en": "Inspection or audit"},
}
