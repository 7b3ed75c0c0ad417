"""What waits to be filed, on the desk's list: guesses a digit away, filed with Enter."""

from playwright.sync_api import expect

from tests.browser.seats import Town
from tests.browser.test_console import MAIN


def test_what_waits_is_filed_by_guesses_a_digit_away(town: Town) -> None:
    """Neither category nor place came: both are guessed by words and by like tickets, chosen by digits and filed by
    Enter; which it may be once more is named. What waits for its survey is not among what waits to be filed."""
    desk = town.sit("desk:desk-1")
    like = town.report(
        desk,
        text="井盖松动，车过就响",
        category="manhole_noisy",
        location={"grid": MAIN, "address": "老市场后巷第三个院门"},
    )
    lost = town.report(desk, text="井盖松动，车过就响得厉害", location={"address": "老市场后巷第三个院门"})
    desk.goto(f"{town.address}/desk")
    row = desk.locator(f'[data-waits="{lost}"]')
    form = row.get_by_role("form")
    category, place = form.locator('[name="category"]'), form.locator('[name="grid"]')
    expect(form.locator(".guess").first).to_contain_text("井盖")
    expect(form.get_by_role("link", name=like)).to_be_visible()
    assert (category.input_value(), place.input_value()) == ("", "")
    form.locator("button.primary").focus()
    digits = form.locator(".guess").evaluate_all("all => all.map(one => one.innerText)")
    wanted = {text.split()[0]: text.split()[1] for text in digits if text.split()[1] in ("井盖异响", "塔湾1-1微网格")}
    assert len(wanted) == 2, digits
    for digit in wanted:
        desk.keyboard.press(digit)
    expect(place).to_have_value(MAIN)
    expect(category).not_to_have_value("")
    desk.keyboard.press("Enter")
    expect(row).to_have_count(0)
    told = town.ask(desk, f"/v1/tickets/{lost}/history")["decisions"][-1]
    assert (told["command"], told["reason"]) == ("file", "done_as_asked"), told
