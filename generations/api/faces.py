from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import actor_of
from accounts.bodies import StrictSerializer, json_body
from generations import faces, links
from generations.api import serializers as shapes
from generations.api import waiting
from generations.api.views import IDEMPOTENCY_KEY, PREFER, idempotency_key
from generations.faces import Face
from generations.models import Generation
from generations.representation import moment, represent_credits, represent_error
from generations.states import State


class FacesRequest(StrictSerializer):
    video_url = serializers.CharField(
        required=False,
        help_text="An https address, or the id of an upload (upl_…) or of a result (ast_…).",
    )
    video_id = serializers.CharField(
        required=False, help_text="The id that the provider gave to an earlier result."
    )
    provider = serializers.CharField(
        required=False, allow_blank=True, max_length=50, help_text="Where to look, if it matters."
    )


class FaceSerializer(serializers.Serializer[Any]):
    face_id = serializers.CharField(help_text="Goes into face_choose of lip-sync.")
    start_ms = serializers.IntegerField(help_text="When the face can be seen: milliseconds.")
    end_ms = serializers.IntegerField()
    url = serializers.CharField(allow_null=True, help_text="Its picture, for 24 hours.")


class FacesSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    session_id = serializers.CharField(help_text="Goes into lip-sync; good for 24 hours.")
    status = serializers.ChoiceField(choices=State.choices)
    faces = FaceSerializer(many=True)
    error = shapes.ErrorOfGeneration(allow_null=True)
    credits = shapes.CreditsOfGeneration()
    created_at = serializers.DateTimeField()


class FacesView(APIView):
    @extend_schema(
        summary="Find the faces of a video, for lip-sync",
        description="Waits up to 60 seconds, or as long as Prefer says. 202 while it is still "
        "running: ask at Location.",
        request=FacesRequest,
        responses={201: FacesSerializer, 202: FacesSerializer},
        parameters=[IDEMPOTENCY_KEY, PREFER],
        tags=["generations"],
    )
    def post(self, request: Request) -> Response:
        body = FacesRequest(data=json_body(request))
        body.is_valid(raise_exception=True)
        video = dict(body.validated_data)
        provider = video.pop("provider", "")
        wait = _seconds(request)
        created = faces.identify_faces(
            video,
            provider=provider,
            by=actor_of(request),
            idempotency_key=idempotency_key(request),
        )
        generation = waiting.until_final(created.generation, seconds=wait).generation
        response = Response(
            _represent(generation),
            status=201 if generation.is_final else 202,
            headers={"Location": f"{settings.SITE_URL}/api/v1/faces/{generation.public_id}"},
        )
        if created.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


class FacesOfSessionView(APIView):
    @extend_schema(
        summary="The faces that were found", responses=FacesSerializer, tags=["generations"]
    )
    def get(self, request: Request, public_id: str) -> Response:
        generation = faces.session(actor_of(request).workspace, public_id)
        if generation is None:
            raise Http404
        return Response(_represent(generation))


def _seconds(request: Request) -> int:
    prefer = request.headers.get("Prefer", "")
    return waiting.seconds(prefer) if prefer else waiting.LONGEST


def _represent(generation: Generation) -> dict[str, Any]:
    return {
        "id": generation.public_id,
        "session_id": generation.public_id,
        "status": generation.state,
        "faces": [_represent_face(face) for face in faces.faces_of(generation)],
        "error": represent_error(generation),
        "credits": represent_credits(generation),
        "created_at": moment(generation.created_at),
    }


def _represent_face(face: Face) -> dict[str, Any]:
    return {
        "face_id": face.face_id,
        "start_ms": face.start_ms,
        "end_ms": face.end_ms,
        "url": links.signed_url(face.picture) if face.picture.key else None,
    }
