package org.codanet.adapt;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.codanet.data.image.ImageSize;
import org.codanet.file.AtomicFile;
import org.codanet.file.FileFormatException;
import org.codanet.file.InputFile;
import org.codanet.json.JsonFields;
import org.codanet.model.NetworkConfig;

/**
 * A network and the size of the images it is trained on, as a JSON file: the fields of {@link NetworkConfig#toJson}, and optionally
 * {@code "image_size": [height, width]} in pixels.
 *
 * @param network the network
 * @param size to which images of all sizes are resized and cropped; empty if the images are used as they are
 */
public record NetworkConfigFile(NetworkConfig network, Optional<ImageSize> size) {
    private static final String SIZE = "image_size";

    /**
     * {@return the content of a file}
     *
     * @throws FileFormatException if it is no config, with one sentence that names the file and the field at fault
     * @throws IOException if it cannot be read
     */
    public static NetworkConfigFile read(Path file) throws IOException {
        String text = InputFile.text(file);
        try {
            NetworkConfig network = NetworkConfig.fromJson(text);
            JsonFields fields = JsonFields.parse("network config", text);
            return new NetworkConfigFile(
                    network, fields.has(SIZE) ? Optional.of(size(fields.integers(SIZE))) : Optional.empty());
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), e.getMessage(), e);
        }
    }

    private static ImageSize size(List<Integer> values) {
        if (values.size() != 2) {
            throw new IllegalArgumentException(
                    "network config: " + SIZE + " has " + values.size() + " numbers, not height and width");
        }
        return new ImageSize(values.get(0), values.get(1));
    }

    /** Writes or replaces a file. @throws IOException naming the file and the reason if it cannot be written */
    public void write(Path file) throws IOException {
        JsonObject json = JsonParser.parseString(network.toJson()).getAsJsonObject();
        size.ifPresent(extents -> {
            JsonArray values = new JsonArray();
            values.add(extents.height());
            values.add(extents.width());
            json.add(SIZE, values);
        });
        String text = new GsonBuilder()
                        .setPrettyPrinting()
                        .disableHtmlEscaping()
                        .create()
                        .toJson(json) + "\n";
        AtomicFile.replace(file, text.getBytes(StandardCharsets.UTF_8));
    }
}
