"""The one error of the simulators."""

import click


class SimulatorError(click.ClickException):
    """Tell why a simulator cannot do what was asked, and what to do instead.

    Ends the command with exit code 2: nothing was started, nothing was delivered.
    """

    exit_code = 2
