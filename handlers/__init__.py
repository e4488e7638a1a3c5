"""The bot's table of contents.  The first handler that fits an update gets it, so order matters."""

from typing import Any

from telegram.ext import BaseHandler

from handlers import english, forms, heard, home, odd, received, second_thoughts, settings, staff, start, typed
from handlers.appeals import file as appeal_file
from handlers.appeals import message as appeal_message
from handlers.appeals import progress as appeal_progress
from handlers.appeals import texted
from handlers.bookings import consult
from handlers.bookings import offerings as booking_offerings
from handlers.contacts import card as contact_card
from handlers.hazards import progress as hazard_progress
from handlers.hazards import report as hazard_report
from handlers.notices import subscriptions
from handlers.passes import compounds, passes, scan, turned_away
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
    *appeal_message.FLOWS,
    *contact_card.FLOWS,
    *consult.FLOWS,
    *compounds.FLOWS,
    *passes.FLOWS,
    *hazard_report.FLOWS,
    *hazard_progress.FLOWS,
    *volunteer_join.FLOWS,
    *liaison.FLOWS,
    *received.FLOWS,
)

HANDLERS: tuple[BaseHandler[Any, Any, Any], ...] = (
    *odd.BEFORE,
    *appeal_message.CALLED,
    *staff.SCANNED,
    *scan.SCANNED,
    *booking_offerings.SCANNED,
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
    *appeal_message.HANDLERS,
    *texted.HANDLERS,
    *contact_card.HANDLERS,
    *hazard_report.HANDLERS,
    *hazard_progress.HANDLERS,
    *volunteer_join.HANDLERS,
    *membership.HANDLERS,
    *liaison.HANDLERS,
    *points_rewards.HANDLERS,
    *second_thoughts.HANDLERS,
    *heard.HANDLERS,
    *booking_offerings.HANDLERS,
    *compounds.HANDLERS,
    *passes.HANDLERS,
    *scan.HANDLERS,
    *turned_away.HANDLERS,
    *forms.handlers(FLOWS, question.answer),
    *typed.AFTER_FORMS,
    *received.ANSWERS,
    *received.FILES_LEFT,
    *station_find.POSITION,
    *english.HANDLERS,
    *station_typed.HANDLERS,
    *staff.HANDLERS,
    *odd.NOT_BUILT,
    *question.HANDLERS,
    *odd.HANDLERS,
)
