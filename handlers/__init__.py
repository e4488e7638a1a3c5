"""The bot's table of contents.  The first handler that fits an update gets it, so order matters."""

from typing import Any

from telegram.ext import BaseHandler

from handlers import forms, home, odd, received, settings, staff, start, typed
from handlers.appeals import file as appeal_file
from handlers.appeals import progress as appeal_progress
from handlers.hazards import progress as hazard_progress
from handlers.hazards import report as hazard_report
from handlers.notices import subscriptions
from handlers.points import rewards as points_rewards
from handlers.policies import browse, hotlines, question
from handlers.privacy import my_data
from handlers.stations import find as station_find
from handlers.stations import typed as station_typed
from handlers.volunteers import join as volunteer_join
from handlers.volunteers import liaison, membership

FLOWS = (
    *home.FLOWS,
    *station_find.FLOWS,
    *appeal_file.FLOWS,
    *appeal_progress.FLOWS,
    *hazard_report.FLOWS,
    *hazard_progress.FLOWS,
    *volunteer_join.FLOWS,
    *liaison.FLOWS,
    *received.FLOWS,
)

HANDLERS: tuple[BaseHandler[Any, Any, Any], ...] = (
    *odd.BEFORE,
    *start.HANDLERS,
    *typed.HANDLERS,
    *settings.HANDLERS,
    *home.HANDLERS,
    *my_data.HANDLERS,
    *subscriptions.HANDLERS,
    *hotlines.HANDLERS,
    *browse.HANDLERS,
    *station_find.HANDLERS,
    *appeal_file.HANDLERS,
    *appeal_progress.HANDLERS,
    *hazard_report.HANDLERS,
    *hazard_progress.HANDLERS,
    *volunteer_join.HANDLERS,
    *membership.HANDLERS,
    *liaison.HANDLERS,
    *points_rewards.HANDLERS,
    *forms.handlers(FLOWS),
    *typed.AFTER_FORMS,
    *received.ANSWERS,
    *received.FILES_LEFT,
    *station_find.POSITION,
    *station_typed.HANDLERS,
    *staff.HANDLERS,
    *odd.NOT_BUILT,
    *question.HANDLERS,
    *odd.HANDLERS,
)
