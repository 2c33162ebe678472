package org.codanet.gpu.op.alignment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares the table of classes, files and kernels in the package documentation with the sources. */
final class PackageDocumentationTest {
    private static final String PACKAGE = "org/codanet/gpu/op/alignment";
    private static final Path DOCUMENTATION = Path.of("src/main/java", PACKAGE, "package-info.java");
    private static final Path KERNELS = Path.of("src/main/resources", PACKAGE);
    /** A row: class, file and kernels. */
    private static final Pattern ROW =
            Pattern.compile("<tr><td>\\{@code (\\w+)}<td>(\\w+\\.cu)<td>([\\w, ]+?) *(?=<tr>|</table>)");

    private static final Pattern KERNEL = Pattern.compile("extern \"C\" __global__ [^\\n]*\\n?void (\\w+)\\(");

    private static List<MatchResult> rows() throws IOException {
        String text =
                Files.readString(DOCUMENTATION).replaceAll("\\n \\*\\s*", " ").replaceAll(" +<", "<");
        List<MatchResult> rows = ROW.matcher(text).results().toList();
        assertFalse(rows.isEmpty(), "the table is missing");
        return rows;
    }

    private static Map<String, Set<String>> declaredKernels() throws IOException {
        Map<String, Set<String>> declared = new TreeMap<>();
        try (Stream<Path> files = Files.list(KERNELS)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".cu")).toList()) {
                Set<String> kernels = new TreeSet<>();
                KERNEL.matcher(Files.readString(file)).results().forEach(kernel -> kernels.add(kernel.group(1)));
                declared.put(file.getFileName().toString(), kernels);
            }
        }
        return declared;
    }

    @Test
    void listsEveryKernelBesideItsFile() throws IOException {
        Map<String, Set<String>> listed = new TreeMap<>();
        rows().forEach(row ->
                listed.put(row.group(2), new TreeSet<>(Set.of(row.group(3).split(", ")))));
        assertEquals(declaredKernels(), listed);
    }

    @Test
    void namesEachFileAfterItsClass() throws IOException {
        rows().forEach(row -> assertEquals(
                row.group(1).replaceAll("(?<=[a-z])(?=[A-Z])", "_").toLowerCase(Locale.ROOT) + ".cu", row.group(2)));
    }
}
