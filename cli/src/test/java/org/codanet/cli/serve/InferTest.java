package org.codanet.cli.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.codanet.explain.Target;
import org.codanet.render.Picture;
import org.codanet.service.ExplainOptions;
import org.codanet.service.ExplanationResult;
import org.codanet.service.ServiceImage;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The Open Inference Protocol v2: tensors in JSON and in the binary extension, and refusals. */
final class InferTest {
    private static final String INFER = "/v2/models/toy/infer";
    private static RunningServer running;

    @BeforeAll
    static void start() throws IOException {
        running = new RunningServer();
    }

    @AfterAll
    static void stop() {
        assertTrue(running.failures.isEmpty(), () -> "failures of the server: " + running.failures);
        running.close();
    }

    private static HttpResponse<byte[]> post(String json) throws IOException, InterruptedException {
        return running.send("POST", INFER, json.getBytes(StandardCharsets.UTF_8));
    }

    /** An input with images as FP32, in JSON. */
    private static JsonObject input(float[] values, int images) {
        JsonObject input = new JsonObject();
        input.addProperty("name", "image");
        input.addProperty("datatype", "FP32");
        input.add("shape", JsonParser.parseString("[" + images + ",3," + Toys.SIZE + "," + Toys.SIZE + "]"));
        JsonArray data = new JsonArray();
        for (float value : values) {
            data.add(value);
        }
        input.add("data", data);
        return input;
    }

    private static String request(JsonObject input, String more) {
        return "{\"id\":\"q1\",\"inputs\":[" + input + "]" + more + "}";
    }

    private static float[] data(JsonObject answer, int output) {
        JsonArray data =
                answer.getAsJsonArray("outputs").get(output).getAsJsonObject().getAsJsonArray("data");
        float[] values = new float[data.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = data.get(i).getAsFloat();
        }
        return values;
    }

    private static ExplanationResult expected(long seed, Target target) {
        return running.service.explain(ServiceImage.of(Toys.batch(1, seed)), ExplainOptions.of(target));
    }

    @Test
    void valuesInJsonAreThoseOfTheLibrary() throws Exception {
        ExplanationResult one = expected(3, Target.all());
        float[] pixels = Toys.batch(1, 3).values(0, 1);
        JsonObject answer = RunningServer.json(
                post(
                        request(
                                input(pixels, 1),
                                ",\"parameters\":{\"target\":\"all\"},\"outputs\":[{\"name\":\"logits\"},{\"name\":\"contributions\"},{\"name\":\"classes\"}]")));
        assertEquals("q1", answer.get("id").getAsString());
        assertEquals("toy", answer.get("model_name").getAsString());
        assertArrayEquals(one.logits(), data(answer, 0));
        float[] maps = new float[one.explanation().contributions().remaining()];
        one.explanation().contributions().get(maps);
        assertArrayEquals(maps, data(answer, 1));
        assertEquals(
                "[1,3,7,7]",
                answer.getAsJsonArray("outputs")
                        .get(1)
                        .getAsJsonObject()
                        .get("shape")
                        .toString());
        assertArrayEquals(new float[] {0, 1, 2}, data(answer, 2));
    }

    @Test
    void binaryTensorsHoldTheSameValues() throws Exception {
        float[] pixels = Toys.batch(1, 4).values(0, 1);
        byte[] head =
                ("{\"inputs\":[{\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[1,3,7,7],\"parameters\":{\"binary_data_size\":"
                                + 4 * pixels.length
                                + "}}],\"outputs\":[{\"name\":\"logits\",\"parameters\":{\"binary_data\":true}},{\"name\":\"values\"}],"
                                + "\"parameters\":{\"target\":1,\"against\":\"blue\"}}")
                        .getBytes(StandardCharsets.UTF_8);
        ByteBuffer body = ByteBuffer.allocate(head.length + 4 * pixels.length).order(ByteOrder.LITTLE_ENDIAN);
        body.put(head);
        for (float pixel : pixels) {
            body.putFloat(pixel);
        }
        HttpResponse<byte[]> response = running.send(
                "POST", INFER, body.array(), "Inference-Header-Content-Length", String.valueOf(head.length));
        assertEquals(
                "application/octet-stream",
                response.headers().firstValue("Content-Type").orElse(""));
        int length = Integer.parseInt(
                response.headers().firstValue("Inference-Header-Content-Length").orElseThrow());
        JsonObject answer = JsonParser.parseString(new String(response.body(), 0, length, StandardCharsets.UTF_8))
                .getAsJsonObject();
        ByteBuffer binary = ByteBuffer.wrap(response.body(), length, response.body().length - length)
                .order(ByteOrder.LITTLE_ENDIAN);
        ExplanationResult one = expected(4, Target.against(1, 2));
        assertEquals(12, binary.remaining());
        for (float logit : one.logits()) {
            assertEquals(logit, binary.getFloat());
        }
        assertArrayEquals(new float[] {(float) one.certificate(0).value()}, data(answer, 1));
    }

    @Test
    void filesAndBytesAreResizedAsTheModelSays() throws Exception {
        BufferedImage photo = new BufferedImage(20, 30, BufferedImage.TYPE_INT_RGB);
        byte[] bytes = new byte[20 * 30 * 3];
        for (int i = 0; i < 600; i++) {
            photo.setRGB(i % 20, i / 20, i * 977);
            bytes[3 * i] = (byte) (i * 977 >> 16);
            bytes[3 * i + 1] = (byte) (i * 977 >> 8);
            bytes[3 * i + 2] = (byte) (i * 977);
        }
        float[] expected = running.service.explain(ServiceImage.of(photo)).logits();
        String file = Base64.getEncoder().encodeToString(Picture.png(photo));
        JsonObject answer = RunningServer.json(
                post("{\"inputs\":[{\"name\":\"image\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"" + file
                        + "\"]}],\"outputs\":[{\"name\":\"logits\"},{\"name\":\"overlay_png\"}]}"));
        assertArrayEquals(expected, data(answer, 0));
        String overlay = answer.getAsJsonArray("outputs")
                .get(1)
                .getAsJsonObject()
                .getAsJsonArray("data")
                .get(0)
                .getAsString();
        BufferedImage drawn =
                ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(overlay)));
        assertEquals(224, drawn.getWidth());

        ByteArrayOutputStream body = new ByteArrayOutputStream();
        byte[] head =
                ("{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,30,20,3],\"parameters\":{\"binary_data_size\":1800}}]}")
                        .getBytes(StandardCharsets.UTF_8);
        body.write(head);
        body.write(bytes);
        assertArrayEquals(
                expected,
                data(
                        RunningServer.json(running.send(
                                "POST",
                                "/v2/models/toy/versions/1/infer",
                                body.toByteArray(),
                                "Inference-Header-Content-Length",
                                String.valueOf(head.length))),
                        0));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[] | the request has a value of another type than the protocol says",
                "{} | the request has no inputs",
                "{\"inputs\":[{}]} | an input has no name, datatype or shape",
                "nonsense | the request is not valid JSON",
                "{\"inputs\": | the request ends before its JSON does",
                "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[1,3,7,7],\"data\":[1,2]}]} | input image has other data than its shape [1, 3, 7, 7] says",
                "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[1,3,1,1],\"data\":[1,2,0]}]} | input image cannot be read: images: image 0, channel 1, row 0, column 0 is 2.0; values must be numbers from 0 to 1",
                "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"FP64\",\"shape\":[1,3,1,1],\"data\":[1,1,0]}]} | input image has the datatype FP64; images are BYTES, UINT8 or FP32",
                "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[9999,9999,9999,9999],\"data\":[1]}]} | input image has 9999 images, more than the 256 of one request",
                "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[0,3,7,7],\"data\":[]}]} | a shape has an extent below 1 or more than 8 extents",
                "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,1,1,3],\"data\":[1,2,256]}]} | input image has the value 256.0, which is no byte from 0 to 255",
                "{\"inputs\":[{\"name\":\"picture\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[1]}]} | the model toy has one input, which is called image",
                "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"AAAA\"]}]} | image: is not a JPEG, PNG, GIF or BMP picture",
                "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,1,1,3],\"data\":[1,2,3]}],\"outputs\":[{\"name\":\"cat\"}]} | there is no output 'cat'; there are logits, probabilities, classes, values, contributions, channel_contributions, overlay_png",
                "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,1,1,3],\"data\":[1,2,3]}],\"parameters\":{\"taget\":\"all\"}} | there is no parameter 'taget'; there are against, map_size, target, timeout_ms",
                "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,1,1,3],\"data\":[1,2,3]}],\"parameters\":{\"target\":\"cat\"}} | there is no class 'cat'; the network has the classes 0 to 2, called red, green, blue"
            })
    void aMalformedRequestIsRefusedWithOneSentence(String json, String sentence) throws Exception {
        String error = RunningServer.error(400, post(json));
        assertTrue(error.startsWith(sentence), error);
    }

    @Test
    void binaryDataMustMatchTheirSizes() throws Exception {
        String head =
                "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[1,3,1,1],\"parameters\":{\"binary_data_size\":%d}}]}";
        for (int size : new int[] {8, 12, 16, 999, -4}) {
            byte[] json = head.formatted(size).getBytes(StandardCharsets.UTF_8);
            byte[] body = Arrays.copyOf(json, json.length + 12);
            HttpResponse<byte[]> response =
                    running.send("POST", INFER, body, "Inference-Header-Content-Length", String.valueOf(json.length));
            assertEquals(size == 12 ? 200 : 400, response.statusCode());
        }
        assertEquals(
                "Inference-Header-Content-Length is not a number of bytes in the body",
                RunningServer.error(
                        400, running.send("POST", INFER, new byte[3], "Inference-Header-Content-Length", "4")));
    }

    @Test
    void modelsAndTheirVersionsAreFound() throws Exception {
        assertEquals(
                "{\"live\":true}",
                RunningServer.json(running.get("/v2/health/live")).toString());
        assertEquals(
                "{\"ready\":true}",
                RunningServer.json(running.get("/v2/health/ready")).toString());
        assertTrue(RunningServer.json(running.get("/v2"))
                .get("extensions")
                .toString()
                .contains("binary_tensor_data"));
        assertEquals(
                "toy",
                RunningServer.json(running.get("/v2/models/toy/versions/1"))
                        .get("name")
                        .getAsString());
        assertEquals("there is no model 'cat'; there are toy", RunningServer.error(404, running.get("/v2/models/cat")));
        assertEquals(
                "the model toy has version 1, not 2",
                RunningServer.error(404, running.get("/v2/models/toy/versions/2/ready")));
    }
}
