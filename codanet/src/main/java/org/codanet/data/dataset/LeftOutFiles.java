package org.codanet.data.dataset;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.codanet.file.FileName;

/** Counts the files of a folder that are skipped, for the remarks of a data set. */
final class LeftOutFiles {
    private static final int NAMES_IN_REMARK = 3;

    private final Path folder;
    private final List<Path> hidden = new ArrayList<>();
    private final List<Path> unknown = new ArrayList<>();
    private final List<Path> outside = new ArrayList<>();

    /** @param folder the folder; the names in remarks are relative to it */
    LeftOutFiles(Path folder) {
        this.folder = folder;
    }

    /** Adds a file or folder whose name begins with a dot. */
    void addHidden(Path path) {
        hidden.add(path);
    }

    /** Adds a file whose name does not have the extension of a picture. */
    void addUnknown(Path path) {
        unknown.add(path);
    }

    /** Adds a picture that is not in a class folder. */
    void addOutside(Path path) {
        outside.add(path);
    }

    /** {@return one sentence for each kind of skipped file, with the number of files and the first names} */
    List<String> remarks() {
        List<String> remarks = new ArrayList<>();
        add(remarks, outside, "outside the class folders");
        add(remarks, unknown, "not named as a picture");
        add(remarks, hidden, "hidden");
        return remarks;
    }

    private void add(List<String> remarks, List<Path> paths, String reason) {
        if (!paths.isEmpty()) {
            List<String> names = paths.stream()
                    .limit(NAMES_IN_REMARK)
                    .map(path -> FileName.text(folder.relativize(path)))
                    .toList();
            remarks.add(String.format(
                    Locale.ROOT,
                    "%,d left out, %s: %s%s",
                    paths.size(),
                    reason,
                    String.join(", ", names),
                    paths.size() > NAMES_IN_REMARK ? ", ..." : ""));
        }
    }
}
