import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Makes what users download: a folder with a Java runtime, codanet and its launcher, and beside it an archive of the tests that
 * run on it. {@code mvn package -Pdist} runs this with the JDK of the toolchain; arguments: the folder of the module, the top of
 * the sources, the version, the time that all packed files bear, the JDK that runs Maven.
 */
final class Image {
    /**
     * What codanet's modules require, by jdeps, and what none of them names: {@code jdk.incubator.vector}, which the CPU
     * device's kernels use if it is there, and {@code jdk.zipfs} and {@code jdk.unsupported} for the tests' libraries.
     */
    private static final String MODULES =
            "java.base,java.desktop,java.logging,java.management,jdk.incubator.vector,jdk.management,jdk.unsupported,jdk.zipfs";

    /** Of the carrier of oneDNN: all that the CPU device loads, without headers and bindings for others. */
    private static final Pattern NATIVE = Pattern.compile("org/bytedeco/dnnl/[^/]+/(libdnnl\\.so\\.3|libgomp\\.so\\.1)|META-INF/maven/.*");

    private Image() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path module = Path.of(arguments[0]);
        Path top = Path.of(arguments[1]);
        String name = "codanet-" + arguments[2] + "-linux-x86_64";
        Instant time = Instant.parse(arguments[3]);
        Path target = module.resolve("target");
        Path dist = target.resolve("dist");
        delete(dist);

        Path image = Files.createDirectories(dist.resolve(name));
        // Where Maven itself runs on a JDK that will do there is no toolchain, and this may run on another, from the PATH.
        Path jdk = Path.of(Runtime.version().feature() >= 25 ? System.getProperty("java.home") : arguments[4]);
        runtime(image.resolve("runtime"), jdk);
        copyAll(target.resolve("app/modules"), image.resolve("modules"), ".jar");
        copy(target.resolve("codanet-cli.jar"), image.resolve("modules/codanet-cli.jar"));
        libraries(target.resolve("app/native"), image.resolve("native"), time);
        copyAll(top.resolve("nn/src/test/resources/org/codanet/nn/golden"), image.resolve("golden"), "");
        copyAll(top.resolve("codanet/src/test/resources/org/codanet/golden"), image.resolve("golden/net"), "");
        copy(top.resolve("LICENSE"), image.resolve("LICENSE"));
        copy(top.resolve("NOTICE"), image.resolve("NOTICE"));
        Path launcher = image.resolve("bin/codanet");
        copy(module.resolve("src/main/dist/codanet"), launcher);
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
        pack(dist, name, time);

        Path tests = Files.createDirectories(dist.resolve("codanet-tests"));
        copyAll(target.resolve("junit"), tests.resolve("lib"), ".jar");
        copyAll(top.resolve("native-bindings/target"), tests.resolve("lib"), "-tests.jar");
        copyAll(top.resolve("nn/target"), tests.resolve("lib"), "-tests.jar");
        copyAll(top.resolve("codanet/target"), tests.resolve("lib"), "-tests.jar");
        pack(dist, "codanet-tests", time);
    }

    /** The runtime's classes stay uncompressed: xz makes the archive smaller from plain bytes than from zipped ones. */
    private static void runtime(Path folder, Path jdk) throws IOException, InterruptedException {
        int status = new ProcessBuilder(jdk.resolve("bin/jlink").toString(), "--add-modules", MODULES, "--vm", "server",
                        "--compress", "zip-0", "--strip-debug", "--no-header-files", "--no-man-pages", "--output", folder.toString())
                .inheritIO().start().waitFor();
        if (status != 0) {
            throw new IOException(jdk + "/bin/jlink ended with status " + status);
        }
    }

    /** Writes the native libraries into a jar of the same form, without compression, for the reason given above. */
    private static void libraries(Path from, Path to, Instant time) throws IOException {
        Files.createDirectories(to);
        for (Path jar : list(from)) {
            try (ZipFile in = new ZipFile(jar.toFile());
                    OutputStream file = new BufferedOutputStream(Files.newOutputStream(to.resolve(jar.getFileName())));
                    ZipOutputStream out = new ZipOutputStream(file)) {
                out.setMethod(ZipOutputStream.STORED);
                for (ZipEntry entry : in.stream().filter(it -> NATIVE.matcher(it.getName()).matches() && !it.isDirectory()).toList()) {
                    byte[] bytes = in.getInputStream(entry).readAllBytes();
                    CRC32 checksum = new CRC32();
                    checksum.update(bytes);
                    ZipEntry stored = new ZipEntry(entry.getName());
                    stored.setSize(bytes.length);
                    stored.setCrc(checksum.getValue());
                    stored.setTimeLocal(java.time.LocalDateTime.ofInstant(time, java.time.ZoneOffset.UTC));
                    out.putNextEntry(stored);
                    out.write(bytes);
                    out.closeEntry();
                }
            }
        }
    }

    /** Packs a folder with names in order and one time and owner for all files, so that the same files give the same archive. */
    private static void pack(Path parent, String name, Instant time) throws IOException, InterruptedException {
        Path archive = parent.resolve(name + ".tar.xz");
        ProcessBuilder tar = new ProcessBuilder("tar", "--sort=name", "--format=gnu", "--owner=0", "--group=0", "--numeric-owner",
                "--mode=u+rw,go+r,go-w,a+X", "--mtime=@" + time.getEpochSecond(), "-C", parent.toString(), "-c", name);
        // One thread: xz writes other bytes with another number of them. The filter makes less of the libraries' machine code.
        ProcessBuilder xz = new ProcessBuilder("xz", "--x86", "--lzma2=preset=9", "-T1", "-c").redirectOutput(archive.toFile());
        tar.redirectError(ProcessBuilder.Redirect.INHERIT);
        xz.redirectError(ProcessBuilder.Redirect.INHERIT);
        for (Process process : ProcessBuilder.startPipeline(List.of(tar, xz))) {
            if (process.waitFor() != 0) {
                throw new IOException(archive + " could not be packed: tar or xz ended with status " + process.exitValue());
            }
        }
        System.out.printf("%s: %.1f MiB%n", archive, Files.size(archive) / 1048576.0);
    }

    private static void copyAll(Path from, Path to, String ending) throws IOException {
        for (Path file : list(from)) {
            if (file.getFileName().toString().endsWith(ending)) {
                copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
