"""A question to the mail server that sends nothing: does it answer, with TLS, does it know us, may we send?"""

import ssl
from contextlib import suppress

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponseException

from orchestrator.domain.doctor_facts import ServiceState

REFUSED_FROM = 500


async def ask_server(
    client: SMTP, *, starttls: bool, username: str | None, password: str | None, sender: str
) -> ServiceState:
    """Go as far as the sender's address, then take it back. ``client`` neither starts TLS nor signs in by itself."""
    try:
        await client.connect()
    except (SMTPException, OSError) as error:
        return ServiceState.NOT_PROTECTED if _is_about_tls(error) else ServiceState.UNREACHABLE
    try:
        return await _step_by_step(client, starttls=starttls, username=username, password=password, sender=sender)
    finally:
        with suppress(SMTPException, OSError):
            await client.quit()
        client.close()


async def _step_by_step(
    client: SMTP, *, starttls: bool, username: str | None, password: str | None, sender: str
) -> ServiceState:
    state = ServiceState.NOT_PROTECTED
    try:
        if starttls:
            await client.starttls()
        state = ServiceState.KEY_REFUSED
        if username and password:
            await client.login(username, password)
        state = ServiceState.UNREACHABLE
        await client.mail(sender)
        await client.rset()
    except SMTPHeloError:
        return state
    except SMTPResponseException as error:
        if state is not ServiceState.UNREACHABLE:
            return state
        # A 4xx is "not now": what is to be sent will be tried again.
        return ServiceState.SENDER_REFUSED if error.code >= REFUSED_FROM else ServiceState.FINE
    except (SMTPException, OSError):
        return state
    return ServiceState.FINE


def _is_about_tls(error: BaseException | None) -> bool:
    return error is not None and (isinstance(error, ssl.SSLError) or _is_about_tls(error.__cause__))
