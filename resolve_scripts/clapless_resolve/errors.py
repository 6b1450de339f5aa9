"""What is raised when Resolve does not do what was asked."""

from clapless.errors import ClaplessError


class ResolveError(ClaplessError):
    """Resolve cannot be reached or refused a step; the message says what to do."""
