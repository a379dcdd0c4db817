"""Repeat what must not be told, in every place where a script can say something."""

import asyncio
import base64
import json
import logging
import sys
import threading
import urllib.parse
import warnings

from wharfinger.script import Failed, ResourceType

RESUMABLE = True
RESOURCE_TYPES = {"parrot.cage": ResourceType(idempotent=True, send_window=2.0, call_timeout=3.0, settling=0.1)}
PARAMS_SCHEMA = {
    "type": "object",
    "$defs": {"Login": {"type": "object", "properties": {"password": {"type": "string", "writeOnly": True}}}},
    "properties": {
        "how": {"enum": ["succeed", "raise", "fail", "exit", "keys", "partly", "wait"]},
        "word": {"type": "string", "pattern": "^[^!]*$", "maxLength": 20000, "writeOnly": True},
        "plain": {"type": "string", "maxLength": 5},
        "login": {"$ref": "#/$defs/Login"},
        "pins": {"type": "array", "items": {"anyOf": [{"type": "integer", "writeOnly": True}, {"type": "null"}]}},
        "profile": {"type": "string"},
        "gate": {"type": "string"},
    },
    "required": ["how", "word"],
    "additionalProperties": False,
}


def forms(words):
    """Yield the words as they are, and as programs write them."""
    for word in words:
        yield word
        yield base64.b64encode(f"user:{word}".encode()).decode()
        yield urllib.parse.quote(word, safe="")
        yield urllib.parse.quote_plus(word)
        yield json.dumps(word)
        yield word.encode().hex()
        yield repr(word)


def words_of(task):
    params = task.params
    words = [params["word"], params.get("login", {}).get("password", "")]
    words += [str(pin) for pin in params.get("pins", ()) if pin]
    if "profile" in params:
        cloud = task.cloud(params["profile"])
        words += [cloud["secret"], cloud["options"]["api_token"]]
    return [word for word in words if word]


async def main(task):
    words = words_of(task)
    how = task.params["how"]
    for form in forms(words):
        print(form, file=sys.stderr)
        print("before", form, "after", form)
        task.notify(f"it says {form}", "warning")
        logging.getLogger("parrot").warning("it says %s", form)
        warnings.warn(f"it says {form}", stacklevel=1)
    for word in words:
        threading.Thread(target=print, args=(f"from a thread {word}",)).start()
        threading.Thread(target=scream, args=(word,)).start()
    print("x" * 8180 + words[0])
    asyncio.get_running_loop().create_task(late(words[0]))
    await task.once(f"memo {words[0]}", lambda: {words[0]: list(forms(words))})
    if how == "keys":
        await keys(task, words)
    said = " ".join(forms(words))
    with task.step(words[0], total=3, unit=words[-1], message=said) as step:
        await cages(task, words, how)
        step.advance(message=said)
        await finish(task, how, said)
    return {"said": list(forms(words)), words[0]: [task.params, *map(int_or_text, words)]}


def int_or_text(word):
    return int(word) if word.isdigit() else word


def scream(form):
    raise ValueError(f"in a thread {form}")


async def late(word):
    raise KeyError(f"that nobody hears: {word}")


async def keys(task, words):
    for attempt in (
        task.plan([f"cage/{words[0]}"]),
        task.create("parrot.cage", f"cage/{words[0]}", lambda _: "id"),
        task.create("parrot.cage", "cage/child", lambda _: "id", after=[f"cage/{words[0]}"]),
        task.adopt("parrot.cage", f"old/{words[0]}", "id"),
        task.create_many("parrot.cage", [f"{words[0]}/1", f"{words[0]}/2"], lambda many: {m.key: "id" for m in many}),
    ):
        try:
            await attempt
        except Exception as error:  # noqa: BLE001 - told as it is
            task.notify(f"refused: {error}")


async def cages(task, words, how):
    about = {"attributes": {words[0]: " ".join(forms(words))}, "undo_data": {words[0]: list(forms(words))}}
    await task.create("parrot.cage", "cage/1", lambda _: f"id-{words[0]}", region=words[0], **about)
    await task.adopt("parrot.cage", "cage/old", f"old-{words[-1]}", attributes=about["attributes"])

    def refuse(_):
        raise ConnectionResetError(f"lost while sending {words[0]}")

    if how == "partly":
        await task.create("parrot.cage", "cage/2", refuse, **about)


async def finish(task, how, said):
    if how == "raise":
        try:
            raise LookupError(said)
        except LookupError as error:
            failure = ExceptionGroup(said, [RuntimeError(said), OSError(5, said)])
            failure.add_note(said)
            raise failure from error
    if how == "fail":
        raise Failed(said, reason=f"word {said}", metadata={"said": said, said: "x"})
    if how == "exit":
        sys.exit(said)
    while how == "wait":
        task.step(said, message=said)
        await asyncio.sleep(0.05)


async def find(task, resource):
    raise LookupError(" ".join(forms(words_of(task))))


async def undo(task, resource):
    print(" ".join(forms(words_of(task))))
    raise LookupError(" ".join(forms(words_of(task))))
