package org.codanet.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.codanet.model.NetworkConfig;

/**
 * Finds the classes that a user names in text. A class is given by its name or by its index, counted from 0. Names that differ in
 * case are different names. A text with several meanings is refused with a message that lists them: {@code 2}, for example, if one
 * class is called "2" and another one has index 2. The prefixes {@code index:} and {@code name:} say which one is meant.
 *
 * <p>Several classes are separated by commas. A name may contain commas. The text is therefore refused unless exactly one way of splitting
 * it gives a list of existing classes. A comma after a backslash always belongs to a name.
 */
public final class ClassNames {
    private static final String INDEX = "index:";
    private static final String NAME = "name:";
    private static final Pattern NUMBER = Pattern.compile("0|[1-9]\\d{0,8}");
    private static final Pattern TOP = Pattern.compile("top(:?)([1-9]\\d{0,8})");
    private static final Pattern SEPARATOR = Pattern.compile("(?<!\\\\),");
    private static final int MAX_LISTED_CLASSES = 20;

    private final List<String> labels;
    private final int count;

    /** @param config the network's config, which has the class names */
    public ClassNames(NetworkConfig config) {
        this.labels = config.labels();
        this.count = config.numClasses();
    }

    /**
     * The target that a text stands for: {@code top3} or {@code top:3} for the best classes of each image, {@code all} or {@code
     * index:all} for every class, or a list of classes.
     *
     * @throws IllegalArgumentException if a class does not exist, or the text has several meanings
     */
    public Target target(String text) {
        Matcher top = TOP.matcher(text);
        if (top.matches()) {
            boolean explicit = !top.group(1).isEmpty();
            requireNoSuchName(text, explicit, "the best classes of each image", "top:" + top.group(2));
            return Target.topK(Integer.parseInt(top.group(2)));
        }
        if (text.equals("all") || text.equals(INDEX + "all")) {
            requireNoSuchName(text, text.startsWith(INDEX), "every class", INDEX + "all");
            return Target.all();
        }
        return new Target.Classes(list(text));
    }

    private void requireNoSuchName(String text, boolean explicit, String meaning, String otherForm) {
        int named = labels.indexOf(text);
        if (!explicit && named >= 0) {
            throw new IllegalArgumentException("'" + text + "' stands for " + meaning
                    + " and is also the name of class " + named + "; write " + otherForm + " or " + NAME + text);
        }
    }

    /**
     * The index of one class.
     *
     * @throws IllegalArgumentException if the class does not exist, or the text stands for several classes
     */
    public int index(String text) {
        List<Integer> meanings = meanings(text);
        if (meanings.isEmpty()) {
            throw noSuchClass(text);
        }
        if (meanings.size() > 1) {
            throw ambiguous(text, meanings);
        }
        return meanings.getFirst();
    }

    /**
     * The indices of classes that are separated by commas, in the order of the text.
     *
     * @throws IllegalArgumentException if a class does not exist, or the text stands for several lists of classes
     */
    public List<Integer> list(String text) {
        List<String> parts = List.of(SEPARATOR.split(text, -1));
        int maxParts = 1 + labels.stream().mapToInt(ClassNames::commas).max().orElse(0);
        // Element i holds the ways to read the first i parts. Two are enough to detect that a text is ambiguous.
        List<List<List<String>>> ways = new ArrayList<>();
        ways.add(List.of(List.of()));
        for (int end = 1; end <= parts.size(); end++) {
            List<List<String>> here = new ArrayList<>();
            for (int start = Math.max(0, end - maxParts); start < end; start++) {
                String one = String.join(",", parts.subList(start, end));
                if (!ways.get(start).isEmpty() && !meanings(one).isEmpty()) {
                    for (List<String> before : ways.get(start)) {
                        List<String> way = new ArrayList<>(before);
                        way.add(one);
                        here.add(way);
                    }
                }
            }
            ways.add(here.subList(0, Math.min(2, here.size())));
        }
        List<List<String>> whole = ways.getLast();
        if (whole.isEmpty()) {
            int reached = IntStream.rangeClosed(0, parts.size())
                    .filter(i -> !ways.get(i).isEmpty())
                    .max()
                    .orElse(0);
            throw noSuchClass(parts.get(reached).strip());
        }
        if (whole.size() > 1) {
            throw new IllegalArgumentException("'" + text + "' can be read as several lists of classes; write "
                    + whole.stream().map(this::byIndex).collect(Collectors.joining(" or ")));
        }
        return whole.getFirst().stream().map(this::index).toList();
    }

    private String byIndex(List<String> classes) {
        return classes.stream().map(name -> INDEX + index(name)).collect(Collectors.joining(","));
    }

    /** The classes that a text can stand for, in ascending order. */
    private List<Integer> meanings(String text) {
        String trimmed = text.strip();
        if (trimmed.startsWith(INDEX)) {
            return byIndex(trimmed.substring(INDEX.length()).strip());
        }
        if (trimmed.startsWith(NAME)) {
            return byName(text.stripLeading().substring(NAME.length()));
        }
        TreeSet<Integer> all = new TreeSet<>(byName(text));
        all.addAll(byIndex(trimmed));
        return List.copyOf(all);
    }

    private List<Integer> byIndex(String digits) {
        boolean exists = NUMBER.matcher(digits).matches() && Integer.parseInt(digits) < count;
        return exists ? List.of(Integer.parseInt(digits)) : List.of();
    }

    /** The classes of this name. Blanks around the text count only if a name has them too. */
    private List<Integer> byName(String text) {
        String name = text.replace("\\,", ",");
        String wanted = labels.contains(name) ? name : name.strip();
        return IntStream.range(0, labels.size())
                .filter(k -> labels.get(k).equals(wanted))
                .boxed()
                .toList();
    }

    private IllegalArgumentException ambiguous(String text, List<Integer> meanings) {
        List<Integer> named = byName(text.startsWith(NAME) ? text.substring(NAME.length()) : text);
        if (named.size() > 1) {
            return new IllegalArgumentException("several classes are called '" + labels.get(named.getFirst())
                    + "'; write " + meanings.stream().map(k -> INDEX + k).collect(Collectors.joining(" or ")));
        }
        int byName = named.getFirst();
        String index = text.strip();
        return new IllegalArgumentException(
                "'" + index + "' is the name of class " + byName + " and the index of class '"
                        + labels.get(Integer.parseInt(index)) + "'; write " + NAME + index + " or " + INDEX + index);
    }

    private IllegalArgumentException noSuchClass(String text) {
        String names = labels.isEmpty() || count > MAX_LISTED_CLASSES ? "" : ", called " + String.join(", ", labels);
        String otherCase = labels.stream()
                .filter(label -> label.equalsIgnoreCase(text.strip()))
                .findFirst()
                .map(label -> "; did you mean '" + label + "'?")
                .orElse("");
        return new IllegalArgumentException("there is no class '" + text + "'; the network has the classes 0 to "
                + (count - 1) + names + otherCase);
    }

    private static int commas(String label) {
        return (int) label.chars().filter(c -> c == ',').count();
    }
}
