from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from accounts.models import User, Workspace
from generations.models.generations import Generation


def new_asset_id() -> str:
    return new_id("ast")


def new_upload_id() -> str:
    return new_id("upl")


class MediaKind(models.TextChoices):
    VIDEO = "video", "Video"
    IMAGE = "image", "Image"
    AUDIO = "audio", "Audio"
    VOICE = "voice", "Voice"
    ELEMENT = "element", "Element"


# What the provider keeps for later jobs: a file of ours is only a sample of it.
WITHOUT_FILE = (MediaKind.VOICE, MediaKind.ELEMENT)


class StoredMedia(models.Model):
    """A whole, checked file in our storage under `key`."""

    kind = models.CharField(max_length=8, choices=MediaKind.choices)
    media_type = models.CharField(max_length=60)
    key = models.CharField(max_length=200, unique=True)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    duration = models.DecimalField(
        max_digits=9, decimal_places=3, null=True, blank=True, help_text="Seconds."
    )
    frames_per_second = models.DecimalField(
        max_digits=7, decimal_places=3, null=True, blank=True, help_text="Of a video; the mean."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Asset(StoredMedia):
    """A result. Born whole: the row exists only once the file is stored and checked.

    A voice, an element and a face may have no file; then `key` is null, and what is said of it is
    empty. `index` is the place in `Generation.outputs`. `details`: what else there is to know, such
    as the name of a voice, or which face a picture shows and when.
    """

    public_id = models.CharField(max_length=40, unique=True, default=new_asset_id)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="assets")
    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="assets")
    index = models.PositiveSmallIntegerField()
    # Null, not "", where there is none: it is unique.
    key = models.CharField(max_length=200, unique=True, null=True)  # type: ignore[assignment]  # noqa: DJ001
    media_type = models.CharField(max_length=60, blank=True)
    bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    poster_key = models.CharField(max_length=200, blank=True)
    provider_asset_id = models.CharField(max_length=128, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["index"]
        indexes = [
            # An id of a provider in a request is looked up among everybody's.
            models.Index(
                fields=["provider_asset_id"],
                condition=Q(provider_asset_id__gt=""),
                name="asset_by_provider_id",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["generation", "index"], name="asset_unique"),
            models.CheckConstraint(
                condition=Q(key__isnull=False, media_type__gt="", sha256__gt="")
                | Q(key__isnull=True, kind__in=WITHOUT_FILE)
                | Q(key__isnull=True, kind=MediaKind.IMAGE, details__has_key="face_id"),
                name="asset_has_its_file",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class Origin(models.TextChoices):
    UPLOAD = "upload", "Uploaded"
    INLINE = "inline", "Base64 in a request"
    LINK = "link", "Fetched from an address"


class Upload(StoredMedia):
    """A file that a person or program gave us as input of generations."""

    public_id = models.CharField(max_length=40, unique=True, default=new_upload_id)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="uploads")
    uploaded_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    filename = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.UPLOAD)
    source_url = models.CharField(
        max_length=2048, blank=True, help_text="Where it was fetched from."
    )

    class Meta:
        ordering = ["-pk"]
        indexes = [
            # Every file of every request is looked up by its content.
            models.Index(fields=["workspace", "sha256"], name="upload_by_content"),
        ]

    def __str__(self) -> str:
        return self.public_id
