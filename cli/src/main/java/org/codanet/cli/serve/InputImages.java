package org.codanet.cli.serve;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.decode.Images;
import org.codanet.data.image.ImageSize;
import org.codanet.service.ServiceImage;

/**
 * The images of an input tensor: {@code BYTES} (N) with picture files, {@code UINT8} (N, H, W, C) or {@code FP32} (N, C, H, W) in [0, 1].
 * Pictures of any size are resized and cropped as the model says.
 */
final class InputImages {
    private static final int MAX_IMAGES = 256;

    private final long maxPixels;

    InputImages(long maxPixels) {
        this.maxPixels = maxPixels;
    }

    /** @throws HttpFailure if the tensor holds no images */
    List<ServiceImage> of(InferRequest.Input input) {
        int rank = input.datatype().equals("BYTES") ? input.shape().size() : 4;
        if (input.shape().isEmpty() || rank != input.shape().size()) {
            throw wrong(
                    input,
                    "has the shape " + input.shape()
                            + "; images are BYTES (N), UINT8 (N, H, W, C) or FP32 (N, C, H, W)");
        }
        int count = input.datatype().equals("BYTES")
                ? input.elements()
                : input.shape().getFirst();
        if (count > MAX_IMAGES) {
            throw wrong(input, "has " + count + " images, more than the " + MAX_IMAGES + " of one request");
        }
        try {
            return switch (input.datatype()) {
                case "BYTES" -> files(input).stream().map(this::file).toList();
                case "UINT8" -> bytes(input);
                case "FP32" -> floats(input);
                default ->
                    throw wrong(input, "has the datatype " + input.datatype() + "; images are BYTES, UINT8 or FP32");
            };
        } catch (IllegalArgumentException e) {
            throw wrong(input, "cannot be read: " + e.getMessage());
        }
    }

    private static HttpFailure wrong(InferRequest.Input input, String what) {
        return new HttpFailure(400, "input " + input.name() + " " + what);
    }

    /** A picture file. Its header is read at once, so that a picture that is too large is refused before anything is decoded. */
    ServiceImage file(byte[] encoded) {
        try {
            ImageSize size = Images.size("image", encoded);
            if ((long) size.height() * size.width() > maxPixels) {
                throw new HttpFailure(
                        413,
                        String.format(
                                Locale.ROOT,
                                "image: has %d x %d pixels, more than the %,d that are accepted",
                                size.width(),
                                size.height(),
                                maxPixels));
            }
            return ServiceImage.encoded(encoded);
        } catch (IOException e) {
            throw new HttpFailure(400, e.getMessage());
        }
    }

    private static List<byte[]> files(InferRequest.Input input) {
        List<byte[]> files = new ArrayList<>();
        if (input.binary() == null) {
            for (String text : input.texts()) {
                files.add(Base64.getDecoder().decode(text));
            }
        } else {
            ByteBuffer data = input.binary();
            while (data.remaining() >= Integer.BYTES) {
                int length = data.getInt();
                if (length < 0 || length > data.remaining()) {
                    throw wrong(input, "has an element of " + length + " bytes, which its data do not hold");
                }
                byte[] file = new byte[length];
                data.get(file);
                files.add(file);
            }
        }
        if (files.size() != input.elements()
                || input.binary() != null && input.binary().hasRemaining()) {
            throw wrong(input, "has other data than its shape " + input.shape() + " says");
        }
        return files;
    }

    private List<ServiceImage> bytes(InferRequest.Input input) {
        byte[] values = new byte[required(input, 1)];
        if (input.binary() != null) {
            input.binary().get(values);
        } else {
            for (int i = 0; i < values.length; i++) {
                float value = input.numbers()[i];
                if (!(value >= 0 && value <= 255) || value != Math.rint(value)) {
                    throw wrong(input, "has the value " + value + ", which is no byte from 0 to 255");
                }
                values[i] = (byte) value;
            }
        }
        List<Integer> shape = input.shape();
        int height = shape.get(1);
        int width = shape.get(2);
        int channels = channels(input, shape.get(3));
        return split(input, values.length).stream()
                .map(part -> ServiceImage.of(ImageBatch.ofBytes(
                        ByteBuffer.wrap(values, part.start(), part.length()),
                        ImageBatch.Layout.NHWC,
                        1,
                        channels,
                        height,
                        width)))
                .toList();
    }

    private List<ServiceImage> floats(InferRequest.Input input) {
        float[] values = new float[required(input, Float.BYTES)];
        if (input.binary() != null) {
            input.binary().asFloatBuffer().get(values);
        } else {
            System.arraycopy(input.numbers(), 0, values, 0, values.length);
        }
        List<Integer> shape = input.shape();
        int channels = channels(input, shape.get(1));
        return split(input, values.length).stream()
                .map(part -> ServiceImage.of(ImageBatch.of(
                        Arrays.copyOfRange(values, part.start(), part.start() + part.length()),
                        1,
                        channels,
                        shape.get(2),
                        shape.get(3))))
                .toList();
    }

    private int required(InferRequest.Input input, int bytesEach) {
        int elements = input.elements();
        int given = input.binary() != null ? input.binary().remaining() : input.numbers().length;
        int needed = input.binary() != null ? Math.multiplyExact(elements, bytesEach) : elements;
        if (given != needed) {
            throw wrong(input, "has other data than its shape " + input.shape() + " says");
        }
        long pixels = elements / input.shape().getFirst();
        if (pixels > 3 * maxPixels) {
            throw new HttpFailure(413, "an image has more pixels than the " + maxPixels + " that are accepted");
        }
        return elements;
    }

    private static int channels(InferRequest.Input input, int channels) {
        if (channels != 1 && channels != 3) {
            throw wrong(input, "has images of " + channels + " channels; pictures have 1 or 3");
        }
        return channels;
    }

    private record Part(int start, int length) {}

    private static List<Part> split(InferRequest.Input input, int values) {
        int count = input.shape().getFirst();
        List<Part> parts = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            parts.add(new Part(n * (values / count), values / count));
        }
        return parts;
    }
}
