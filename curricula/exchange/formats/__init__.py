"""The formats, one module each; see ``curricula.exchange.registry``."""
