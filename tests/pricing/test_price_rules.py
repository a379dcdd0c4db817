"""Price books: rules beside prices, with what is listed and what was agreed on both shown."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import pytest
from tests.pricing.conftest import OpenPricing
from tests.pricing.making import document, line

from wharfinger_prices.lookup.price_rules import read_rules
from wharfinger_server.domain.estimate import Estimate
from wharfinger_server.pricing import ImportRequest, Pricing
from wharfinger_server.pricing.estimating import Wanted, estimate

AT = 1_790_000_000_000_000  # September 2026

PRICES = document(
    [
        line("m.large", "0.10", provider="ec2_linux"),
        line("m.small", "0.05", provider="ec2_linux", region="ams"),
        line("disk", "0.10", provider="ec2_ebs", unit="GB-Months"),
        line("vm", "0.20", provider="azure_linux"),
        line("unknown", None, provider="ec2_linux"),
    ]
)


async def _pricing(open_pricing: OpenPricing, tmp_path: Path, **files: str) -> Pricing:
    """Return prices with files in the operator's folder; `red__x` is `x.toml` in the folder of the project red."""
    for name, text in files.items():
        project, _, file = name.rpartition("__")
        path = tmp_path / "mine" / (f"projects/{project}" if project else ".") / f"{file}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    pricing = await open_pricing(folder=str(tmp_path / "mine"))
    await pricing.import_file(io.BytesIO(PRICES), ImportRequest(activate=True, actor="ann", file_name="p.jsonl"))
    return pricing


async def told(pricing: Pricing, provider: str, sku: str, project: str = "", at: int = AT) -> tuple[str, str, str]:
    """Return what was agreed on, what is listed ("": the same), and the rule."""
    stack = await pricing.current(project)
    price = stack.price(provider, "fra", sku, at=at).price
    contract = price.contract
    return str(price.amount), str(contract.list_amount) if contract else "", contract.rule if contract else ""


async def test_a_percentage_and_a_fixed_amount_hold_where_they_fit(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path
) -> None:
    rules = """
[[rule]]
name = "vm fixed"
provider = "azure_*"
sku = "v?"
amount = "0.15"
currency = "USD"
[[rule]]
name = "EC2 -12 %"
provider = "ec2_linux"
source = "jsonl"
percent = -12
"""
    pricing = await _pricing(open_pricing, tmp_path, agreed=rules)
    assert pricing.troubles == ()
    assert await told(pricing, "ec2_linux", "m.large") == ("0.088", "0.1", "EC2 -12 %")
    assert await told(pricing, "azure_linux", "vm") == ("0.15", "0.2", "vm fixed")
    assert await told(pricing, "ec2_ebs", "disk") == ("0.1", "", "")
    stack = await pricing.current()
    assert stack.find("ec2_linux", "fra", "unknown") is None
    listed = {found.price.sku: found.price for found in stack.prices().prices}
    assert (listed["m.large"].amount, listed["unknown"].contract) == (Decimal("0.088"), None)


async def test_a_rule_holds_in_its_time_and_the_first_that_fits_holds_alone(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path
) -> None:
    rules = """
[[rule]]
name = "2026"
percent = -10
from = 2026-01-01
to = 2027-01-01
[[rule]]
name = "always"
percent = "-1.5"
"""
    pricing = await _pricing(open_pricing, tmp_path, agreed=rules)
    year = 365 * 86_400_000_000
    assert await told(pricing, "ec2_linux", "m.large") == ("0.09", "0.1", "2026")
    assert await told(pricing, "ec2_linux", "m.large", at=AT + year) == ("0.0985", "0.1", "always")
    assert await told(pricing, "ec2_linux", "m.large", at=AT - year) == ("0.0985", "0.1", "always")


async def test_a_projects_own_rules_come_first_and_hold_nowhere_else(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path
) -> None:
    pricing = await _pricing(
        open_pricing,
        tmp_path,
        red__own='[[rule]]\nname = "red"\npercent = -50\nprovider = "ec2_*"\n',
        ours='[[rule]]\nname = "blue"\npercent = -20\nproject = "blue"\n[[rule]]\nname = "all"\npercent = -10\n',
    )
    assert await told(pricing, "ec2_linux", "m.large", "red") == ("0.05", "0.1", "red")
    assert await told(pricing, "azure_linux", "vm", "red") == ("0.18", "0.2", "all")
    assert await told(pricing, "ec2_linux", "m.large", "blue") == ("0.08", "0.1", "blue")
    assert await told(pricing, "ec2_linux", "m.large", "other") == ("0.09", "0.1", "all")


async def test_estimates_use_what_was_agreed_on_and_replay_after_the_rules_changed(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path
) -> None:
    pricing = await _pricing(open_pricing, tmp_path, agreed='[[rule]]\nname = "a"\npercent = -50\n')
    wanted = [Wanted("node/1", "ec2_linux", "m.large", "fra", Decimal(3))]
    made = estimate(wanted, await pricing.current(), AT)
    assert [str(money.amount.normalize()) for money in made.hourly] == ["0.15"]
    assert Estimate.from_json(made.to_json()) == made
    (tmp_path / "mine" / "agreed.toml").write_text('[[rule]]\nname = "b"\npercent = 10\n')
    await pricing.refresh()
    now = estimate(wanted, await pricing.current(), AT)
    assert [str(money.amount.normalize()) for money in now.hourly] == ["0.33"]
    assert estimate(wanted, await pricing.stack_of(made.digest), AT).to_json() == made.to_json()


async def test_a_file_that_breaks_keeps_what_it_said_and_a_wrong_rule_harms_no_other(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path
) -> None:
    rules = '[[rule]]\nname = "good"\npercent = -10\n[[rule]]\nname = "bad"\npercent = -100\n'
    pricing = await _pricing(open_pricing, tmp_path, agreed=rules)
    assert await told(pricing, "ec2_linux", "m.large") == ("0.09", "0.1", "good")
    (trouble,) = pricing.troubles
    assert "agreed.toml: rule 2: percent is -100" in trouble
    (tmp_path / "mine" / "agreed.toml").write_text("[[rule")
    await pricing.refresh()
    assert await told(pricing, "ec2_linux", "m.large") == ("0.09", "0.1", "good")
    assert "what it said before stays in force" in pricing.troubles[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("percent = 1", "no name"),
        ('name = "x"', "either percent or amount"),
        ('name = "x"\npercent = 1\namount = 2', "either percent or amount"),
        ('name = "x"\npercent = 2000', "1000 at most"),
        ('name = "x"\npercent = "12%"', "plain decimal"),
        ('name = "x"\namount = 1', "needs its currency"),
        ('name = "x"\namount = 0\ncurrency = "USD"', "above 0"),
        ('name = "x"\namount = 1\ncurrency = "XXY"', "ISO 4217"),
        ('name = "x"\npercent = 1\nprovidre = "y"', "providre"),
        ('name = "x"\npercent = 1\nfrom = 2026-01-02\nto = 2026-01-01', "ends before it begins"),
        ('name = "x"\npercent = 1\nfrom = "soon"', "must be a date"),
        ('name = "x"\npercent = 1\ncategory = "sport"', "fits none of"),
        ('name = "x"\npercent = 1\nsku = 7', "must be text"),
        ('name = "x"\npercent = 1\nproject = "b"', "in the folder of 'a'"),
    ],
)
def test_a_rule_that_can_not_be_meant_is_left_out_and_told(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(f"[[rule]]\n{text}\n")
    rules, wrong = read_rules(tmp_path / "r.toml", "a")
    assert rules == []
    assert why in wrong[0]
