package org.codanet.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.file.FileFormatException;
import org.codanet.file.InputFile;
import org.codanet.json.JsonFields;
import org.codanet.recipe.TrainingRecipe;

/**
 * Weights for classes with unequal numbers of training images, see {@link TrainingRecipe#classWeights}. They are listed in the order of
 * the data set's classes.
 */
public final class ClassWeights {
    /** The text that {@link #parse} takes for balanced weights. */
    public static final String BALANCED = "balanced";

    private ClassWeights() {}

    /**
     * Weights with which all classes contribute equally to the loss: {@code N / (K N_k)}, with N images of K classes and N_k images of class
     * k. Their mean over the images is 1. A class without images has weight 0 and is not counted in K. scikit-learn defines {@code
     * class_weight="balanced"} in this way.
     *
     * @param training labelled images
     */
    public static List<Double> balanced(ImageDataset training) {
        long[] counts = new long[training.classNames().size()];
        for (int i = 0; i < training.size(); i++) {
            counts[training.label(i)]++;
        }
        long present = Arrays.stream(counts).filter(count -> count > 0).count();
        return Arrays.stream(counts)
                .mapToObj(count -> count == 0 ? 0 : training.size() / ((double) present * count))
                .toList();
    }

    /**
     * Weights from a text: {@code balanced}, one number for each class separated by commas, or the name of a JSON file with one field for
     * each class, such as {@code {"cat": 1, "dog": 2.5}}.
     *
     * @param training labelled images
     * @throws IOException if the file cannot be read, or its fields are not the classes of the data set
     * @throws IllegalArgumentException if there is another number of weights than of classes
     */
    public static List<Double> parse(String text, ImageDataset training) throws IOException {
        if (text.equals(BALANCED)) {
            return balanced(training);
        }
        List<String> words =
                Arrays.stream(text.split(",", -1)).map(String::strip).toList();
        boolean numbers = words.stream().allMatch(word -> word.matches("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?"));
        if (!numbers) {
            return read(Path.of(text), training.classNames());
        }
        if (words.size() != training.classNames().size()) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "class weights: %s has %d classes, but there are %d weights",
                    training.name(),
                    training.classNames().size(),
                    words.size()));
        }
        return words.stream().map(Double::valueOf).toList();
    }

    private static List<Double> read(Path file, List<String> classNames) throws IOException {
        String text = InputFile.text(file);
        try {
            JsonFields fields = JsonFields.parse("class weights", text);
            List<Double> weights = new ArrayList<>();
            for (String name : classNames) {
                weights.add(fields.number(name));
            }
            fields.finish();
            return weights;
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), e.getMessage(), e);
        }
    }
}
