package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.codanet.data.decode.Images;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;
import org.codanet.file.FileName;

/**
 * A folder of pictures with one folder for each class: {@code train/<class>/} and {@code test/<class>/}, or only the class folders,
 * if the data set is not split. Pictures in subfolders of a class folder belong to that class. Labels follow the order of the class
 * names. The pictures of a folder are sorted by name and come before those of its subfolders. Pictures are decoded when they are
 * read.
 */
final class ImageFolder extends LabelledImages {
    /** Compared without case. */
    private static final List<String> TRAIN_NAMES = List.of("train", "training");

    private static final List<String> TEST_NAMES = List.of("test", "testing", "val", "valid", "validation");
    private static final String UNSPLIT =
            "no folders train and test, so all images serve both for training and for testing; --held-out splits them";

    private final List<Path> files;

    private ImageFolder(ImageFacts facts, List<Path> files, int[] labels) {
        super(facts, labels);
        this.files = files;
    }

    /** {@return whether training and test images are in separate folders} */
    static boolean isSplit(Path folder) throws IOException {
        for (Path entry : folders(folder)) {
            if (isPart(entry, TRAIN_NAMES) || isPart(entry, TEST_NAMES)) {
                return true;
            }
        }
        return false;
    }

    /** {@return the names of the folders in a folder that hold pictures, themselves or in folders in them} */
    static List<String> withPictures(Path folder) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path entry : folders(folder)) {
            boolean pictures = hasPictures(entry);
            for (Path inner : pictures ? List.<Path>of() : folders(entry)) {
                pictures |= hasPictures(inner);
            }
            if (pictures) {
                found.add(entry);
            }
        }
        return found.stream().map(each -> FileName.text(each.getFileName())).toList();
    }

    private static boolean hasPictures(Path folder) throws IOException {
        return entries(folder).stream().anyMatch(entry -> !isHidden(entry) && Images.isNamedAsPicture(entry));
    }

    private static boolean isPart(Path folder, List<String> names) {
        return names.contains(folder.getFileName().toString().toLowerCase(Locale.ROOT));
    }

    private static List<String> names(Split split) {
        return split == Split.TEST ? TEST_NAMES : TRAIN_NAMES;
    }

    /** {@return the folders of a part; the first of them is used} */
    private static List<Path> parts(Path folder, Split split) throws IOException {
        List<String> names = names(split);
        return folders(folder).stream()
                .filter(entry -> isPart(entry, names))
                .sorted(Comparator.comparing(
                        entry -> names.indexOf(entry.getFileName().toString().toLowerCase(Locale.ROOT))))
                .toList();
    }

    static ImageDataset open(Path folder, Split split, DatasetMetadata metadata) throws IOException {
        List<String> remarks = new ArrayList<>();
        boolean isSplit = isSplit(folder);
        Path root = isSplit ? part(folder, split, remarks) : folder;
        LeftOutFiles leftOut = new LeftOutFiles(root);
        List<Path> classFolders = classFolders(root, leftOut);
        requireClasses(root, classFolders);
        if (!isSplit) {
            requireNoUnknownParts(root, classFolders);
            if (split == Split.TEST) {
                remarks.add(UNSPLIT);
            }
        }
        List<String> classNames = metadata.classNamesOr(names(classFolders));
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        List<String> empty = new ArrayList<>(classNames);
        for (Path classFolder : classFolders) {
            String className = FileName.of(classFolder);
            int label = classNames.indexOf(className);
            if (label < 0) {
                throw new FileFormatException(
                        classFolder.toString(), "is not one of the classes that " + DatasetMetadata.FILE + " names");
            }
            for (Path file : pictures(classFolder, leftOut)) {
                files.add(file);
                labels.add(label);
                empty.remove(className);
            }
        }
        if (files.isEmpty()) {
            throw new FileFormatException(
                    root.toString(),
                    String.format(Locale.ROOT, "has %d class folders but no pictures in them", classFolders.size()));
        }
        if (!empty.isEmpty()) {
            remarks.add("classes without images: " + String.join(", ", empty));
        }
        remarks.addAll(leftOut.remarks());
        Path last = folder.toAbsolutePath().normalize().getFileName();
        String name = metadata.nameOr(last == null ? folder.toString() : FileName.text(last));
        String description = String.format(
                Locale.ROOT,
                "%s: %,d %s images in %d classes, pictures in %s",
                name,
                files.size(),
                isSplit ? split.word() : "unsplit",
                classNames.size(),
                root);
        ImageFacts facts = new ImageFacts(name, description, classNames, ClassNaming.FOLDERS, 3, 0, 0, remarks);
        return new ImageFolder(
                facts,
                List.copyOf(files),
                labels.stream().mapToInt(Integer::intValue).toArray());
    }

    /** {@return the folder of a part; unused files and folders beside it are added to the remarks} */
    private static Path part(Path folder, Split split, List<String> remarks) throws IOException {
        List<Path> parts = parts(folder, split);
        List<Path> all = folders(folder);
        if (parts.isEmpty()) {
            List<String> names = names(split);
            throw new FileFormatException(
                    folder.toString(),
                    "has no folder " + names.getFirst() + " (or "
                            + String.join(", ", names.subList(1, names.size())) + "), so it has no " + split.word()
                            + " images; its folders are " + fileNames(all));
        }
        List<Path> unused = new ArrayList<>(all);
        unused.remove(parts.getFirst());
        unused.removeAll(parts(folder, split == Split.TRAIN ? Split.TEST : Split.TRAIN));
        if (!unused.isEmpty()) {
            remarks.add("folders that are not used: " + fileNames(unused));
        }
        return parts.getFirst();
    }

    private static String fileNames(List<Path> paths) {
        return String.join(
                ", ",
                paths.stream().map(path -> FileName.text(path.getFileName())).toList());
    }

    private static List<Path> classFolders(Path root, LeftOutFiles leftOut) throws IOException {
        List<Path> classFolders = new ArrayList<>();
        for (Path entry : entries(root)) {
            if (isHidden(entry)) {
                leftOut.addHidden(entry);
            } else if (Files.isDirectory(entry)) {
                classFolders.add(entry);
            } else if (Images.isNamedAsPicture(entry)) {
                leftOut.addOutside(entry);
            } else if (!entry.getFileName().toString().equals(DatasetMetadata.FILE)) {
                leftOut.addUnknown(entry);
            }
        }
        return classFolders;
    }

    private static void requireClasses(Path root, List<Path> classFolders) throws IOException {
        if (classFolders.isEmpty()) {
            boolean loose = entries(root).stream().anyMatch(Images::isNamedAsPicture);
            throw new FileFormatException(
                    root.toString(),
                    loose
                            ? "has pictures but no class folders; sort them into train/<class>/ and test/<class>/"
                            : "has no CIFAR, MNIST or NumPy files and no folders of pictures; " + Datasets.LAYOUTS);
        }
    }

    /** Refuses folders such as {@code train_images} that contain class folders, because they would be read as classes. */
    private static void requireNoUnknownParts(Path root, List<Path> classFolders) throws IOException {
        for (Path folder : classFolders) {
            String name = folder.getFileName().toString().toLowerCase(Locale.ROOT);
            boolean isNamedAsPart = Stream.of("train", "test", "valid").anyMatch(name::contains);
            if (isNamedAsPart
                    && !folders(folder).isEmpty()
                    && entries(folder).stream().noneMatch(Images::isNamedAsPicture)) {
                throw new FileFormatException(
                        root.toString(),
                        "has the folder " + folder.getFileName()
                                + ", which looks like a part of the data and not like a class; call the parts train and test");
            }
        }
    }

    /** {@return the pictures of a folder and of its subfolders} Links are followed, and each folder is visited only once. */
    private static List<Path> pictures(Path classFolder, LeftOutFiles leftOut) throws IOException {
        List<Path> pictures = new ArrayList<>();
        collect(classFolder, leftOut, pictures, new HashSet<>());
        return pictures;
    }

    private static void collect(Path folder, LeftOutFiles leftOut, List<Path> pictures, Set<Path> visited)
            throws IOException {
        if (!visited.add(folder.toRealPath())) {
            return;
        }
        List<Path> subfolders = new ArrayList<>();
        for (Path entry : entries(folder)) {
            if (isHidden(entry)) {
                leftOut.addHidden(entry);
            } else if (Files.isDirectory(entry)) {
                subfolders.add(entry);
            } else if (Images.isNamedAsPicture(entry)) {
                pictures.add(entry);
            } else {
                leftOut.addUnknown(entry);
            }
        }
        for (Path subfolder : subfolders) {
            collect(subfolder, leftOut, pictures, visited);
        }
    }

    private static boolean isHidden(Path entry) {
        return entry.getFileName().toString().startsWith(".");
    }

    private static List<Path> folders(Path folder) throws IOException {
        return entries(folder).stream()
                .filter(entry -> !isHidden(entry) && Files.isDirectory(entry))
                .toList();
    }

    /** {@return all entries of a folder, sorted by name} */
    private static List<Path> entries(Path folder) throws IOException {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            stream.forEach(entries::add);
        } catch (AccessDeniedException e) {
            throw new FileFormatException(folder.toString(), "permission denied", e);
        }
        entries.sort(Comparator.comparing(path -> FileName.text(path.getFileName())));
        return entries;
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public String imageName(int index) {
        requireImage(index);
        return FileName.text(files.get(index));
    }

    @Override
    public Pixels read(int index) throws IOException {
        requireImage(index);
        return Images.read(files.get(index), channels());
    }

    @Override
    public ImageSize extents(int index) throws IOException {
        requireImage(index);
        return Images.size(files.get(index));
    }

    private static List<String> names(List<Path> paths) throws FileFormatException {
        List<String> names = new ArrayList<>();
        for (Path path : paths) {
            names.add(FileName.of(path));
        }
        return names;
    }
}
