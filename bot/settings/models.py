"""Settings of models that run elsewhere: embeddings, a writer, speech to text.  Each is off until it is named."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class RemoteModels(BaseSettings):
    """Part of `bot.settings.Settings`."""

    embeddings_url: str = Field(
        "",
        description="OpenAI-compatible embeddings endpoint in place of the model, e.g. http://host/v1/embeddings.",
    )
    embeddings_model: str = Field("", description="The model to name there.")
    embeddings_key: SecretStr = Field(SecretStr(""), description="Its key.")
    writer_url: str = Field(
        "", description="OpenAI-compatible chat endpoint that may rephrase an answer's facts. Empty: cards only."
    )
    writer_model: str = Field("", description="The model to name there.")
    writer_key: SecretStr = Field(SecretStr(""), description="Its key.")
    speech_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="OpenAI-compatible endpoint that hears voice notes, e.g. http://host/v1/audio/transcriptions; "
        "people are asked whether it heard right. Empty: nobody hears them but people.",
    )
    speech_model: str = Field("whisper-1", description="The model to name there.")
    speech_key: SecretStr = Field(SecretStr(""), description="Its key.")
