"""What sounds like a secret is masked in arguments, addresses and remotes."""

from __future__ import annotations

import time

import pytest

from runsettings.secrets.arguments import mask_arguments
from runsettings.secrets.forms import (
    mask_addresses,
    mask_remote,
    value_of_secret_name,
)
from runsettings.secrets.masking import SecretMask

TOKEN = "x9y8z7w6v5"


@pytest.mark.parametrize(
    ("arguments", "masked"),
    [
        (["--api-key", "abc"], ["--api-key", "***"]),
        (["--api_key=abc"], ["--api_key=***"]),
        (["--wandb.api_key=abc=d"], ["--wandb.api_key=***"]),
        (["-token", "x", "y"], ["-token", "***", "y"]),
        (["--password", "--lr", "1"], ["--password", "--lr", "1"]),
        (["x-live-secret-y"], ["x-***-y"]),
        (["postgresql://me:pw@host/db"], ["postgresql://***@host/db"]),
        (["--lr", "0.1", "a@b"], ["--lr", "0.1", "a@b"]),
    ],
)
def test_arguments_lose_their_secrets(arguments, masked):
    """Live values, and whatever follows a flag that names a secret."""
    assert mask_arguments(arguments, SecretMask(["live-secret"]).text) == masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://token@github.com/a/b.git", "https://***@github.com/a/b.git"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ("https://github.com/a/b@c", "https://github.com/a/b@c"),
    ],
)
def test_a_url_loses_user_and_password(text, shown):
    """Other texts stay as they are."""
    assert mask_remote(text) == shown


@pytest.mark.parametrize(
    "arguments",
    [
        [f"--api-key={TOKEN}"],
        ["--api-key", TOKEN],
        ["--password", f"-{TOKEN}"],
        [f"api_key={TOKEN}"],
        [f"+db.password={TOKEN}"],
        [f"++db.auth_token={TOKEN}"],
        ["--env", f"AWS_SECRET_ACCESS_KEY={TOKEN}"],
        ["-e", f"HF_TOKEN={TOKEN}"],
        [f"--uri=https://u:{TOKEN}@h/x"],
        [f"https://{TOKEN}@h"],
        [f"https://h/x?token={TOKEN}&a=1"],
        [f"https://h/x?a=1&signature={TOKEN}"],
        [f"{TOKEN}@github.com:me/x.git"],
        [f"postgresql://me:{TOKEN}@h:5432/db"],
        [f"http://[abc:{TOKEN}@x"],
        [f"sftp://h/?x=1&token={TOKEN}?token={TOKEN}"],
        ["-k", TOKEN],
        ["--key", TOKEN],
        [f"--wandb-key={TOKEN}"],
        ["--auth", TOKEN],
        ["--hub.pat", TOKEN],
        ["--pw", TOKEN],
        ["-u", f"me:{TOKEN}"],
        ["--header", f"Authorization:Bearer{TOKEN}"],
        ["-H", f"Authorization: Bearer {TOKEN}"],
        [f"-HX-Api-Key: {TOKEN}"],
        ["--config", f'{{"api_key":"{TOKEN}"}}'],
        [f"--config={{'db': {{'password' : '{TOKEN}'}}}}"],
        [f"--build-arg=HF_TOKEN={TOKEN}"],
        [f"-eHF_TOKEN={TOKEN}"],
        ["--set", f"a=1,db.password={TOKEN}"],
        [f"Server=h;Password={TOKEN};"],
        [f"s3://b/x?X-Amz-Signature={TOKEN}&X-Amz-Credential={TOKEN}"],
    ],
)
def test_no_form_of_a_secret_stays_in_the_arguments(arguments):
    """The forms of flags, overrides, container variables and addresses."""
    masked = mask_arguments(["train.py", *arguments, "--lr", "0.1"], SecretMask().text)
    assert TOKEN not in repr(masked)
    assert masked[0] == "train.py"
    assert masked[-2:] == ["--lr", "0.1"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lr", "0.1", "optim.name=adam"],
        ["--token", "--verbose"],
        ["me@example.com"],
        ["http://[abc@x".replace("abc@", "")],
        ["https://h/x?page=2#top"],
        ["max_len=8"],
        ["-k", "5"],
        ["--top-k", "100000000"],
        ["--key", "val_loss"],
        ["--sort-key=accuracy"],
        ["--auth", "none"],
        ["-u", "train.py"],
        ['{"tokenizer": "gpt2", "max_tokens": 4}'],
        ["--tokenizer", "gpt2", "--max_tokens=100", "num-tokens=5"],
    ],
)
def test_ordinary_arguments_stay_as_they_are(arguments):
    """Only what is in the place of a secret is masked."""
    assert mask_arguments(arguments, SecretMask().text) == arguments


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("git@github.com:me/x.git", "git@github.com:me/x.git"),
        (f"{TOKEN}:x-oauth-basic@github.com:me/x.git", "***@github.com:me/x.git"),
        (f"https://{TOKEN}:x-oauth-basic@github.com/me/x", "https://***@github.com/me/x"),
        ("https://github.com/me/x", "https://github.com/me/x"),
        ("/srv/git/x.git", "/srv/git/x.git"),
    ],
)
def test_remotes_keep_host_and_path(remote, expected):
    """The user of a remote can be a token; git's own user is none."""
    assert mask_remote(remote) == expected


def test_an_address_keeps_the_user_whose_password_is_masked():
    """The person who reads the message knows which account it is."""
    assert mask_addresses("got 'https://me:pw@h/x'") == "got 'https://me:***@h/x'"
    assert mask_addresses("got 'https://TOKEN@h/x'") == "got 'https://***@h/x'"


@pytest.mark.parametrize("piece", ["token", "token ", "a=token&", "://", "://a:", "?token=", "'\\"])
@pytest.mark.parametrize(
    "function",
    [value_of_secret_name, mask_addresses, mask_remote, lambda text: mask_arguments([text], str)],
)
def test_every_pattern_is_linear(function, piece):
    """100,000 characters of its own worst case take less than a second of CPU time."""
    text = piece * (100_000 // len(piece))
    start = time.process_time()
    function(text)
    assert time.process_time() - start < 1
