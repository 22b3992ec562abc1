"""Async tests with the fixtures of pytest-django."""

import asyncio

import pytest
import pytest_asyncio


@pytest_asyncio.fixture
async def user(transactional_db):
    from django.contrib.auth.models import User

    return await User.objects.acreate(username="ada")


@pytest.mark.asyncio
async def test_an_async_view_is_called(async_client):
    response = await async_client.get("/")
    assert response.content == b"hello"


@pytest.mark.asyncio
async def test_an_async_fixture_uses_the_database(user):
    from django.contrib.auth.models import User

    await asyncio.sleep(0)
    assert await User.objects.aget(username="ada") == user


@pytest.mark.asyncio
async def test_the_database_is_empty_again(transactional_db):
    from django.contrib.auth.models import User

    assert await User.objects.acount() == 0


@pytest.mark.django_db
def test_sync_tests_are_as_they_were(client):
    assert client.get("/").content == b"hello"
