"""The bot's table of contents.  The first handler that fits an update gets it, so order matters."""

from typing import Any

from telegram.ext import BaseHandler

from handlers import (
    appeal,
    browse,
    cases,
    forms,
    hazard,
    hotlines,
    liaison,
    membership,
    notices,
    odd,
    privacy,
    question,
    reports,
    rewards,
    settings,
    staff,
    start,
    station,
    volunteer,
)

FLOWS = (
    *settings.FLOWS,
    *station.FLOWS,
    *appeal.FLOWS,
    *cases.FLOWS,
    *hazard.FLOWS,
    *reports.FLOWS,
    *volunteer.FLOWS,
    *liaison.FLOWS,
)

HANDLERS: tuple[BaseHandler[Any, Any, Any], ...] = (
    *odd.BEFORE,
    *start.HANDLERS,
    *settings.HANDLERS,
    *privacy.HANDLERS,
    *notices.HANDLERS,
    *hotlines.HANDLERS,
    *browse.HANDLERS,
    *station.HANDLERS,
    *appeal.HANDLERS,
    *cases.HANDLERS,
    *hazard.HANDLERS,
    *reports.HANDLERS,
    *volunteer.HANDLERS,
    *membership.HANDLERS,
    *liaison.HANDLERS,
    *rewards.HANDLERS,
    *forms.handlers(FLOWS),
    *cases.ANSWERS,
    *station.POSITION,
    *staff.HANDLERS,
    *odd.NOT_BUILT,
    *question.HANDLERS,
    *odd.HANDLERS,
)
