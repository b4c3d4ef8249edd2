"""The one table of everything the API offers: routes, checks and the OpenAPI description are all made from it."""

from typing import Final

from aiohttp import hdrs

from facegate.web import (
    api,
    boards,
    camera_schemas,
    cameras,
    commands,
    commissioning,
    condition,
    consents,
    credential_schemas,
    credentials,
    enrolling,
    enrolment,
    first_hour,
    gates,
    importing,
    keys,
    leaving,
    links,
    looks,
    members,
    node_file,
    node_schemas,
    nodes,
    papers,
    passes,
    persons,
    press,
    preview,
    recognition,
    residents,
    residents_address,
    schemas,
    sharing,
    sharing_schemas,
    snapshots,
    trail,
    trail_schemas,
    ways,
)
from facegate.web.operation import Operation
from facegate.web.problems import (
    EXISTS,
    FIRE_NOT_RESET,
    LAST_OWNER,
    LIST_FULL,
    MASKS_NEED_FACTOR,
    MODE_NOT_SET,
    NOT_FOUND,
    NOT_LEARNED,
    NOT_OPENED,
    NOT_WAITING,
    OPEN_EXPIRED,
    PAIRING_REFUSED,
    PRESS_EXPIRED,
    RECOGNITION_ONLY,
    THRESHOLD_TOO_LOW,
    WALK_REFUSED,
)
from facegate.web.tokens import Scope

BASE: Final = "/api/v1"


_GET, _POST, _PATCH, _DELETE = hdrs.METH_GET, hdrs.METH_POST, hdrs.METH_PATCH, hdrs.METH_DELETE
_PUT = hdrs.METH_PUT
_READ, _MANAGE, _OPEN, _PERSONS, _LOCAL = Scope.READ, Scope.MANAGE, Scope.OPEN, Scope.PERSONS, Scope.LOCAL

# fmt: off
OPERATIONS: Final = (
    Operation(_GET, "/health", None, api.health, "Whether it works, and with a token how", schemas.HEALTH),
    Operation(
        _GET, "/proof", None, api.prove_key, "Proof of the pairing key and of the address", schemas.PROOF,
        query={"nonce": schemas.NONCE},
    ),
    Operation(
        _POST, "/pair", None, api.pair, "Trade the one-time code for a token", schemas.PAIRED, schemas.PAIR, 201,
        problems=(PAIRING_REFUSED,),
    ),
    Operation(
        _POST, "/pairing-codes", Scope.OWNER, api.make_pairing_code, "Make a pairing code", schemas.PAIRING_CODE,
        status=201,
    ),
    Operation(_GET, "/tokens", _MANAGE, api.list_tokens, "Who is paired", schemas.TOKENS),
    Operation(
        _DELETE, "/tokens/{token}", _MANAGE, api.revoke_token, "Revoke a token", None, status=204,
        problems=(NOT_FOUND,),
    ),
    Operation(_GET, "/gates", _READ, gates.list_gates, "The gates and how they do", schemas.GATES_ANSWER),
    Operation(
        _POST, "/gates", _MANAGE, gates.add_gate, "Add a gate", node_schemas.GATE_MADE, node_schemas.NEW_GATE, 201,
        problems=(EXISTS,),
    ),
    Operation(_GET, "/boards", _READ, boards.list_boards, "The boards that a node can be", node_schemas.BOARDS),
    Operation(
        _POST, "/gates/{gate}/key", _MANAGE, nodes.change_key, "Give a gate a new key", node_schemas.KEY_CHANGED,
        node_schemas.NEW_KEY, problems=(NOT_FOUND,), in_turn=False,
    ),
    Operation(
        _GET, "/gates/{gate}/test", _READ, commissioning.read_test, "How the test of a gate stands", node_schemas.WALK,
        problems=(NOT_FOUND,),
    ),
    Operation(
        _POST, "/gates/{gate}/test", _MANAGE, commissioning.drive_test, "Walk through a gate and test it",
        node_schemas.WALK, node_schemas.WALK_ACTION, problems=(NOT_FOUND, WALK_REFUSED), in_turn=False,
    ),
    Operation(
        _POST, "/gates/{gate}/test/sheet", _MANAGE, commissioning.finish_test, "Attest and keep the result sheet",
        node_schemas.SHEET_MADE, node_schemas.ATTEST, problems=(NOT_FOUND, WALK_REFUSED), in_turn=False,
    ),
    Operation(
        _GET, "/gates/{gate}", _READ, gates.read_gate, "One gate", schemas.GATE_ANSWER, problems=(NOT_FOUND,)
    ),
    Operation(
        _PATCH, "/gates/{gate}", _MANAGE, gates.change_gate, "Change a gate", schemas.GATE_ANSWER,
        schemas.GATE_CHANGE, problems=(NOT_FOUND,),
    ),
    Operation(
        _DELETE, "/gates/{gate}", _MANAGE, gates.remove_gate, "Remove a gate", None, status=204, problems=(NOT_FOUND,)
    ),
    Operation(
        _POST, "/gates/{gate}/open", _OPEN, commands.open_gate, "Open a gate once", schemas.OPENED, schemas.OPEN,
        headers={"Idempotency-Key": schemas.IDEMPOTENCY_KEY},
        problems=(NOT_FOUND, NOT_OPENED, OPEN_EXPIRED),
    ),
    Operation(
        _POST, "/gates/{gate}/guard", Scope.GUARD, commands.guard_gate, "Open a gate once as a guard, also in lockdown",
        schemas.OPENED, schemas.GUARD, headers={"Idempotency-Key": schemas.IDEMPOTENCY_KEY},
        problems=(NOT_FOUND, NOT_OPENED, OPEN_EXPIRED),
    ),
    Operation(
        _POST, "/gates/{gate}/press", Scope.PRESS, press.press_gate, "Ask to be recognised at a gate",
        schemas.PRESSED, schemas.PRESS, headers={"Idempotency-Key": schemas.IDEMPOTENCY_KEY},
        problems=(NOT_FOUND, NOT_WAITING, PRESS_EXPIRED),
    ),
    Operation(
        _PUT, "/gates/{gate}/mode", _MANAGE, commands.set_mode, "Set a gate's mode", schemas.MODE_SET, schemas.MODE,
        problems=(NOT_FOUND, MODE_NOT_SET), in_turn=False,
    ),
    Operation(
        _POST, "/gates/{gate}/fire-reset", _MANAGE, commands.reset_fire, "End the release after a fire",
        schemas.ORDER_ANSWER, problems=(NOT_FOUND, FIRE_NOT_RESET), in_turn=False,
    ),
    Operation(
        _GET, "/gates/{gate}/orders", _MANAGE, commands.list_orders, "Who has changed the mode or reset a fire",
        schemas.ORDERS, problems=(NOT_FOUND,),
    ),
    Operation(
        _GET, "/gates/{gate}/cameras", _READ, cameras.list_cameras, "The cameras of a gate",
        camera_schemas.CAMERAS_ANSWER, problems=(NOT_FOUND,),
    ),
    Operation(
        _POST, "/gates/{gate}/cameras", _MANAGE, cameras.add_camera, "Add a camera", camera_schemas.CAMERA_ANSWER,
        camera_schemas.NEW_CAMERA, 201, problems=(NOT_FOUND, EXISTS, RECOGNITION_ONLY, MASKS_NEED_FACTOR),
    ),
    Operation(
        _GET, "/gates/{gate}/cameras/{camera}", _READ, cameras.read_camera, "One camera", camera_schemas.CAMERA_ANSWER,
        problems=(NOT_FOUND,),
    ),
    Operation(
        _PATCH, "/gates/{gate}/cameras/{camera}", _MANAGE, cameras.change_camera, "Change a camera",
        camera_schemas.CAMERA_ANSWER, camera_schemas.CAMERA_CHANGE,
        problems=(NOT_FOUND, RECOGNITION_ONLY, MASKS_NEED_FACTOR),
    ),
    Operation(
        _DELETE, "/gates/{gate}/cameras/{camera}", _MANAGE, cameras.remove_camera, "Remove a camera", None,
        status=204, problems=(NOT_FOUND,),
    ),
    Operation(
        _GET, "/trail/checkpoints", Scope.HISTORY, trail.list_checkpoints, "What the trail of records came to, signed",
        trail_schemas.CHECKPOINTS,
    ),
    Operation(
        _POST, "/trail/proof", Scope.HISTORY, trail.prove_trail, "Prove that no record was tampered with",
        trail_schemas.PROOF, trail_schemas.PROVE,
    ),
    Operation(
        _POST, "/clock/confirmation", Scope.OWNER, trail.confirm_clock, "Say that the clock is right after a jump",
        trail_schemas.CLOCK,
    ),
    Operation(_GET, "/members", Scope.OWNER, members.list_members, "Who may use the panel", schemas.MEMBERS),
    Operation(
        _PUT, "/members/{member}", Scope.OWNER, members.set_member, "Give somebody a role in the panel",
        schemas.MEMBER_ANSWER, schemas.MEMBER, problems=(LAST_OWNER,),
    ),
    Operation(
        _DELETE, "/members/{member}", Scope.OWNER, members.remove_member, "Take somebody's role away", None,
        status=204, problems=(NOT_FOUND, LAST_OWNER),
    ),
    *residents.OPERATIONS,
    *importing.OPERATIONS,
    Operation(
        _GET, "/residents/{resident}/credentials", _PERSONS, credentials.list_credentials,
        "A resident's cards and PINs", credential_schemas.CREDENTIALS_ANSWER, problems=(NOT_FOUND,),
    ),
    Operation(
        _POST, "/residents/{resident}/credentials", _MANAGE, credentials.add_credential, "Give a card or a PIN",
        credential_schemas.CREDENTIAL_MADE, credential_schemas.NEW_CREDENTIAL, 201,
        problems=(NOT_FOUND, EXISTS, LIST_FULL),
    ),
    Operation(
        _PATCH, "/residents/{resident}/credentials/{credential}", _MANAGE, credentials.change_credential,
        "Change when a card or a PIN is good", credential_schemas.CREDENTIAL_ANSWER,
        credential_schemas.CREDENTIAL_CHANGE, problems=(NOT_FOUND, LIST_FULL),
    ),
    Operation(
        _DELETE, "/residents/{resident}/credentials/{credential}", _MANAGE, credentials.remove_credential,
        "Take a card or a PIN away", None, status=204, problems=(NOT_FOUND,),
    ),
    Operation(
        _POST, "/gates/{gate}/lessons", _MANAGE, credentials.begin_lesson, "Learn a card at a gate's reader",
        credential_schemas.LESSON, credential_schemas.NEW_LESSON, 202, problems=(NOT_FOUND, NOT_LEARNED),
    ),
    Operation(
        _GET, "/gates/{gate}/lessons", _MANAGE, credentials.read_lesson, "What became of the card that was waited for",
        credential_schemas.LESSON, problems=(NOT_FOUND,),
    ),
    Operation(
        _POST, "/enrolments", _LOCAL, enrolment.enrol, "Enrol from picture files of this machine", schemas.ENROLLED,
        schemas.ENROL,
    ),
    Operation(
        _GET, "/recognition", _READ, recognition.read_recognition, "How sure recognition must be", schemas.RECOGNITION
    ),
    Operation(
        _PATCH, "/recognition", _MANAGE, recognition.change_recognition, "Change how sure recognition must be",
        schemas.RECOGNITION, schemas.RECOGNITION_CHANGE, problems=(THRESHOLD_TOO_LOW,),
    ),
    Operation(
        _GET, "/calibration", _LOCAL, recognition.read_calibration, "How alike the residents are", schemas.CALIBRATION
    ),
    Operation(
        _GET, "/events/{alias}", _PERSONS, api.event_person, "Who an event was about", sharing_schemas.EVENT_PERSON,
        problems=(NOT_FOUND,),
    ),
    *condition.OPERATIONS,
    *consents.OPERATIONS,
    *enrolling.OPERATIONS,
    *leaving.OPERATIONS,
    *links.OPERATIONS,
    *passes.OPERATIONS,
    *residents_address.OPERATIONS,
    *persons.OPERATIONS,
    *first_hour.OPERATIONS,
    *keys.OPERATIONS,
    *sharing.OPERATIONS,
    *snapshots.OPERATIONS,
    *ways.OPERATIONS,
    *looks.OPERATIONS,
    *preview.OPERATIONS,
    *node_file.OPERATIONS,
    *papers.OPERATIONS,
)
# fmt: on
