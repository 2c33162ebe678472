package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import org.codanet.data.decode.DataFile;
import org.codanet.file.FileFormatException;
import org.codanet.json.JsonFields;

/**
 * The content of {@code dataset.json} in a folder of data: {@code {"name": "CIFAR-10 (JPEG copy)", "classes": ["airplane", ...]}}.
 * Both fields are optional, and so is the file.
 *
 * @param name the name of the data set in reports; empty if the file does not give it
 * @param classNames the class names by label; empty if the file does not give them
 */
record DatasetMetadata(String name, List<String> classNames) {
    static final String FILE = "dataset.json";

    static DatasetMetadata read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            return new DatasetMetadata("", List.of());
        }
        try {
            JsonFields fields = JsonFields.parse("data set", new String(DataFile.read(file), StandardCharsets.UTF_8));
            String name = fields.has("name") ? fields.text("name").strip() : "";
            List<String> classNames = fields.has("classes") ? fields.texts("classes") : List.of();
            fields.finish();
            if (new HashSet<>(classNames).size() != classNames.size()) {
                throw new IllegalArgumentException("data set: classes has a name twice");
            }
            return new DatasetMetadata(name, classNames);
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), e.getMessage(), e);
        }
    }

    /** {@return whether neither a name nor classes are given} */
    boolean isEmpty() {
        return name.isEmpty() && classNames.isEmpty();
    }

    /** {@return the name from the file, or the given one if the file has none} */
    String nameOr(String other) {
        return name.isEmpty() ? other : name;
    }

    /** {@return the classes from the file, or the given ones if the file has none} */
    List<String> classNamesOr(List<String> others) {
        return classNames.isEmpty() ? others : classNames;
    }
}
