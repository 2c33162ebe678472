package org.codanet.data.dataset;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.codanet.file.FileFormatException;

/**
 * Maps the labels of a data set to the classes of a network.
 *
 * <p>The rule depends on where the class names of the data set come from, see {@link ClassNaming}. Class folders are matched with the
 * network's classes by name. If a list names the classes, its order must be that of the network. If the classes are only numbered,
 * they are matched by number, unless the names of the network's classes are numbers too; in that case they are matched by name. The
 * network may have classes without images.
 */
public final class ClassMatch {
    private static final int NAMES_IN_MESSAGE = 8;

    private final ImageDataset data;
    private final List<String> wanted;
    private final String owner;

    private ClassMatch(ImageDataset data, List<String> wanted, String owner) {
        this.data = data;
        this.wanted = wanted;
        this.owner = owner;
    }

    /**
     * {@return the images with labels that are indices into these classes}
     *
     * @param data labelled images
     * @param classes the names of the network's classes, by label
     * @param owner the owner of the classes as error messages name it, such as {@code the network}
     * @throws FileFormatException if an image's class is not among them, or if the order of the classes differs
     */
    public static ImageDataset match(ImageDataset data, List<String> classes, String owner) throws FileFormatException {
        if (data.classNames().isEmpty()) {
            throw new FileFormatException(data.name(), "the images have no labels");
        }
        if (data.classNames().equals(classes)) {
            return data;
        }
        return new ClassMatch(data, List.copyOf(classes), owner).matched();
    }

    private ImageDataset matched() throws FileFormatException {
        List<String> names = data.classNames();
        int[] labels = data.naming() == ClassNaming.NUMBERS && !areNumbers(wanted) ? byNumber() : byName();
        for (int i = 0; i < data.size(); i++) {
            int k = data.label(i);
            if (labels[k] < 0) {
                throw unknownClass(names.get(k));
            }
            if (labels[k] != k && data.naming() == ClassNaming.LIST) {
                throw new FileFormatException(
                        data.name(),
                        String.format(
                                Locale.ROOT,
                                "class %d is '%s' in the data and '%s' in %s: the classes stand in another order",
                                k,
                                names.get(k),
                                wanted.get(k),
                                owner));
            }
        }
        return new RelabelledImages(data, wanted, labels);
    }

    private FileFormatException unknownClass(String name) {
        boolean more = data.classNames().size() > wanted.size();
        String count = more
                ? String.format(
                        Locale.ROOT,
                        "has %d classes, but %s has %d: ",
                        data.classNames().size(),
                        owner,
                        wanted.size())
                : "";
        String known = String.join(", ", wanted.subList(0, Math.min(NAMES_IN_MESSAGE, wanted.size())));
        return new FileFormatException(
                data.name(),
                count + "class '" + name + "' is not among the classes of " + owner + ", which are " + known
                        + (wanted.size() > NAMES_IN_MESSAGE
                                ? " and " + (wanted.size() - NAMES_IN_MESSAGE) + " more"
                                : ""));
    }

    private static boolean areNumbers(List<String> names) {
        return names.stream().allMatch(name -> name.matches("[0-9]+"));
    }

    private int[] byNumber() {
        return IntStream.range(0, data.classNames().size())
                .map(k -> k < wanted.size() ? k : -1)
                .toArray();
    }

    /**
     * Names are first compared exactly. If the class of an image has no match, all names are compared again without case, spaces and
     * punctuation.
     */
    private int[] byName() {
        int[] exact = data.classNames().stream().mapToInt(wanted::indexOf).toArray();
        if (isComplete(exact)) {
            return exact;
        }
        Optional<List<String>> loose = loose(data.classNames());
        Optional<List<String>> looseWanted = loose(wanted);
        if (loose.isEmpty() || looseWanted.isEmpty()) {
            return exact;
        }
        int[] labels = loose.get().stream().mapToInt(looseWanted.get()::indexOf).toArray();
        return isComplete(labels) ? labels : exact;
    }

    private boolean isComplete(int[] labels) {
        return IntStream.range(0, data.size()).allMatch(i -> labels[data.label(i)] >= 0);
    }

    /** {@return the names in lower case without spaces and punctuation; empty if two of them become equal or one becomes empty} */
    private static Optional<List<String>> loose(List<String> names) {
        List<String> result = names.stream()
                .map(name -> name.replaceAll("[^\\p{L}\\p{N}]", "").toLowerCase(Locale.ROOT))
                .collect(Collectors.toList());
        Set<String> different = new HashSet<>(result);
        return different.size() == names.size() && !different.contains("") ? Optional.of(result) : Optional.empty();
    }

    /** The same images with other labels. */
    private static final class RelabelledImages extends ForwardingImages {
        private final List<String> classNames;
        private final int[] labels;

        RelabelledImages(ImageDataset data, List<String> classNames, int[] labels) {
            super(data);
            this.classNames = classNames;
            this.labels = labels;
        }

        @Override
        public List<String> classNames() {
            return classNames;
        }

        @Override
        public ClassNaming naming() {
            return ClassNaming.LIST;
        }

        @Override
        public int label(int index) {
            return labels[data().label(index)];
        }
    }
}
