"""Explains images with tritonclient, in JSON and in binary form, and compares all answers. Argument: host:port."""

import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

OUTPUTS = ["logits", "probabilities", "classes", "values", "contributions", "channel_contributions"]


def image_input(values, datatype, binary=True):
    tensor = http.InferInput("image", list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def main(address):
    client = http.InferenceServerClient(address.strip("/"))
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("default")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    metadata = client.get_model_metadata("default")
    assert [output["name"] for output in metadata["outputs"]][:6] == OUTPUTS
    assert client.get_model_config("default")["max_batch_size"] == 16
    assert client.get_model_repository_index()[0]["name"] == "default"

    images = np.random.default_rng(1).random((3, 3, 32, 32), dtype=np.float32)
    answers = []
    for binary_in in (True, False):
        for binary_out in (True, False):
            requested = [http.InferRequestedOutput(name, binary_data=binary_out) for name in OUTPUTS]
            result = client.infer(
                "default",
                [image_input(images, "FP32", binary_in)],
                outputs=requested,
                request_id="7",
                parameters={"target": "all"},
            )
            assert result.get_response()["id"] == "7"
            answers.append({name: result.as_numpy(name) for name in OUTPUTS})
    first = answers[0]
    for answer in answers[1:]:
        for name in OUTPUTS:
            assert answer[name].dtype == first[name].dtype and np.array_equal(answer[name], first[name]), name
    constants = first["values"] - first["contributions"].sum(axis=(2, 3), dtype=np.float64)
    assert np.ptp(constants) < 1e-4, constants
    assert np.allclose(first["channel_contributions"].sum(axis=2), first["contributions"], atol=1e-5)

    # The client's defaults.
    default = client.infer("default", [image_input(images, "FP32")])
    assert np.array_equal(default.as_numpy("logits"), first["logits"])

    pixels = (images * 255).astype(np.uint8)
    same = client.infer("default", [image_input(pixels.astype(np.float32) / np.float32(255), "FP32")])
    nhwc = np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))
    assert np.array_equal(
        client.infer("default", [image_input(nhwc, "UINT8")]).as_numpy("logits"), same.as_numpy("logits")
    )
    try:
        client.infer("default", [image_input(images + 1, "FP32")])
        raise AssertionError("values above 1 were accepted")
    except InferenceServerException as refusal:
        assert "values must be numbers from 0 to 1" in refusal.message(), refusal


if __name__ == "__main__":
    main(sys.argv[1])
