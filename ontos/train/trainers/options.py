"""What a person may choose about a training."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class Options(BaseModel):
    """`C` are the strengths that logistic regression tries: larger fits closer to the examples."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    C: Annotated[list[Annotated[float, Field(gt=0, le=1e6)]], Field(min_length=1, max_length=8)] = [
        3.0,
        10.0,
        30.0,
    ]
    max_features: Annotated[int, Field(ge=100, le=200_000)] = 20_000
    """Words, and as many pieces of words, that texts are measured by."""
    abstain_threshold: Share | None = None
    """Less sure answers are withheld. None: retrieval finds its own, classifiers always answer."""
    abstain_text: Annotated[str, Field(min_length=1, max_length=2000)] = "I do not know."
    embedding_model: Annotated[str, Field(min_length=1, max_length=500)] = "all-MiniLM-L6-v2"
    """Name or folder of the sentence-transformers model, where that package is installed."""
