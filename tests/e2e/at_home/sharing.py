"""What Home Assistant learns of persons once its owner, the recognizer's owner and the resident have said yes."""

from facegate.contract.messages import GateEvent
from tests.parts import left_behind
from tests.parts.house import ACCESS, RESIDENT, House
from tests.parts.left_behind import PERSON
from tests.parts.traces import Trace

PURPOSE = "presence_in_home_assistant"


def test_with_three_yeses_an_automation_knows_the_person_and_the_person_is_home(house: House) -> None:
    home = house.home
    [resident] = house.api("GET", "/residents")
    assert resident["person"] == PERSON
    [notice] = [
        n for n in house.api("GET", "/notices") if (n["purpose"], n["language"], n["holds"]) == (PURPOSE, "en", True)
    ]
    house.api(
        "POST", f"/residents/{resident['id']}/consents",
        {"purpose": PURPOSE, "notice": notice["hash"], "language": "en", "channel": "paper"},
    )  # fmt: skip

    [entry] = home.entries("facegate")
    menu = home.begin_options(entry["entry_id"])
    form = home.fill_options(menu, next_step_id="sharing")
    asked = home.fill_options(form, share_persons=True, presence=True)
    assert asked["step_id"] == "sharing_code", asked
    done = home.fill_options(asked, code=house.new_code())
    assert done["type"] == "create_entry", done

    home.automate(
        "Welcome",
        triggers=[
            {"trigger": "facegate.access", "target": {"entity_id": ACCESS}, "options": {"event_type": "access_granted"}}
        ],
        actions=[
            {
                "action": "persistent_notification.create",
                "data": {"notification_id": "welcome", "message": "{{ trigger.person.entity_id }}"},
            }
        ],
    )
    home.wait_for_state("automation.welcome", "on")
    house.let_go()
    house.show("resident")
    house.wait_for_event(event_type="access_granted")
    home.wait_for_state(PERSON, "home")
    home.wait_for_notice("welcome", PERSON)
    assert RESIDENT not in str(home.state(ACCESS))
    house.show("nobody")
    assert GateEvent.parse(house.eavesdropper.events()[-1], house.event_key).alias


def test_exactly_what_was_announced_stays(house: House) -> None:
    assert left_behind.shown(house) <= {"name"}  # that of the presence entity
    house.home.stop()
    assert left_behind.left_behind(house) == left_behind.ANNOUNCED
    assert PERSON in left_behind.traces(house)  # the owner was told so; automations of ours keep none
    house.home.start()


def test_whoever_withdraws_is_told_of_no_more(house: House) -> None:
    [resident] = house.api("GET", "/residents")
    house.api("DELETE", f"/residents/{resident['id']}/consents/{PURPOSE}")
    [entry] = house.home.entries("facegate")
    house.home.post(f"/api/config/config_entries/entry/{entry['entry_id']}/reload")  # else it is asked within a minute

    def left() -> list[str]:
        entities = house.home.command("config/entity_registry/list")
        return [e["entity_id"] for e in entities if e["entity_id"].startswith("device_tracker.facegate")]

    house.home.wait_for(lambda: not left(), "the presence entity stays")
    house.home.wait_for(lambda: house.home.state(PERSON)["state"] != "home", "the person is still home")


def test_nothing_of_it_is_left_then(house: House) -> None:
    house.home.stop()  # for good: this is the last chapter, and a start takes long
    # A database keeps the bytes of deleted rows until Home Assistant repacks it, which it does every month.
    assert left_behind.left_behind(house) <= {Trace("name", "recorder")}
