"""Who hears of a run or a task."""

from __future__ import annotations

from bundle_runner.model.base import Strict, Text


class Webhook(Strict):
    """A notification destination of the workspace."""

    id: Text


class WebhookNotifications(Strict):
    """The destinations that hear of each event."""

    on_start: tuple[Webhook, ...] = ()
    on_success: tuple[Webhook, ...] = ()
    on_failure: tuple[Webhook, ...] = ()
    on_duration_warning_threshold_exceeded: tuple[Webhook, ...] = ()
    on_streaming_backlog_exceeded: tuple[Webhook, ...] = ()


class EmailNotifications(Strict):
    """The addresses that hear of each event."""

    on_start: tuple[Text, ...] = ()
    on_success: tuple[Text, ...] = ()
    on_failure: tuple[Text, ...] = ()
    on_duration_warning_threshold_exceeded: tuple[Text, ...] = ()
    on_streaming_backlog_exceeded: tuple[Text, ...] = ()
    no_alert_for_skipped_runs: bool = False


class NotificationSettings(Strict):
    """Of what nobody hears; the last one is for tasks."""

    no_alert_for_skipped_runs: bool = False
    no_alert_for_canceled_runs: bool = False
    alert_on_last_attempt: bool = False


class Told(Strict):
    """What a job and a task have in common: whom they tell."""

    email_notifications: EmailNotifications | None = None
    webhook_notifications: WebhookNotifications | None = None
    notification_settings: NotificationSettings | None = None

    def recipients(self, event: str) -> tuple[tuple[str, str], ...]:
        """Return channel and address of each who hears of an event."""
        hooks = getattr(self.webhook_notifications, event, ())
        return (*(("webhook", hook.id) for hook in hooks), *(("email", address) for address in self.mails(event)))

    def mails(self, event: str) -> tuple[str, ...]:
        """Return the addresses that hear of an event."""
        return tuple(getattr(self.email_notifications, event, ()))

    @property
    def settings(self) -> NotificationSettings:
        """Return of what nobody hears, also where it is said beside the addresses."""
        said = self.notification_settings or NotificationSettings()
        if self.email_notifications and self.email_notifications.no_alert_for_skipped_runs:
            return said.model_copy(update={"no_alert_for_skipped_runs": True})
        return said
