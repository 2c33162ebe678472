package org.codanet.file.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.codanet.file.FileFormatException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pickles written by hand, each invalid in one way. Bytes above 0x7f and control characters are written as \xNN. */
class HostilePickleTest {
    /** A storage with the key 0, of two floats. */
    private static final String STORAGE =
            "(X\\x07\\0\\0\\0storagectorch\nFloatStorage\nX\\x01\\0\\0\\x000X\\x03\\0\\0\\0cpuK\\x02tQ";

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            cposix;system;X\\x04\\0\\0\\0trueq\\0\\x85R.      | asks for posix.system
            cbuiltins;eval;.                                  | asks for builtins.eval
            ctorch;load;.                                     | asks for torch.load
            ctorch.storage;_load_from_bytes;.                 | asks for torch.storage._load_from_bytes
            \\x8c\\x08builtins\\x8c\\x04exec\\x93.            | asks for builtins.exec
            (iposix;system;.                                  | instruction INST (0x69)
            (cposix;system;o.                                 | asks for posix.system
            )\\x81.                                           | the stack is empty
            csubprocess;Popen;)\\x81.                        | asks for subprocess.Popen
            )N\\x81.                                          | a function is called with None
            \\x8c\\x02os\\x8c\\x06system\\x93.                | asks for os.system
            \\x8c\\x08builtins\\x8c\\x0d__import__.os\\x93.  | asks for builtins.__import__.os
            cnumpy.testing._private.utils;runstring;.         | asks for numpy.testing._private.utils.runstring
            coperator;attrgetter;.                            | asks for operator.attrgetter
            \\x97.                                            | instruction NEXT_BUFFER (0x97)
            cmy.package;Net;)\\x81}b.                         | holds an object of my.package.Net, not a dictionary
            \\x82\\x01.                                       | instruction EXT1 (0x82)
            \\xff.                                            | instruction unknown (0xff)
            ccollections;OrderedDict;)R}\\x85b.               | empty dictionary
            ]}b.                                              | sets attributes of a list
            ctorch;FloatStorage;)R.                           | calls the class torch.FloatStorage, which is not a function
            ]K\\x01a.                                         | holds a list, not a dictionary of tensors
            }X\\x01\\0\\0\\0aK\\x01s.                         | holds no weights: a is an integer
            }.                                                | empty dictionary
            }K\\x01K\\x01sK\\x01K\\x02s.                      | has the key 1 twice
            })Ns.                                             | holds no weights: a tuple is None
            X\\xff\\xff\\xff\\x7fabc.                         | cut short
            \\x8d\\0\\0\\0\\0\\0\\0\\0\\x80.                  | cut short
            }                                                 | cut short
            t.                                                | a mark is missing
            a.                                                | the stack is empty
            h\\x07.                                           | nothing is remembered as 7
            K\\x01b.                                          | the stack is empty
            \\x80\\x06.                                       | pickle protocol 6
            """)
    void whatIsNoDictionaryOfTensorsIsRefusedByName(String program, String reason) throws IOException {
        String message = refusal(zip(program(program.replace(';', '\n')), new byte[8]));
        assertTrue(message.contains(reason), message);
        assertEquals(1, message.lines().count(), message);
    }

    /** The storage holds two floats. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            K\\0K\\x03\\x85K\\x01\\x85            | reaches element 2 of its storage, which has 2
            K\\x01K\\x02\\x85K\\x01\\x85          | reaches element 2 of its storage
            K\\0K\\x02\\x85K\\x02\\x85            | reaches element 2 of its storage
            J\\xff\\xff\\xff\\xffK\\x02\\x85K\\x01\\x85 | reaches element
            K\\0J\\xff\\xff\\xff\\xff\\x85K\\x01\\x85 | impossible shape (-1)
            K\\0K\\x02\\x85J\\xff\\xff\\xff\\xff\\x85 | impossible shape
            K\\0K\\x02K\\x02\\x86K\\x01\\x85      | 2 extents and 1 strides
            K\\0J\\xff\\xff\\xff\\x7fK\\x02\\x86K\\0K\\x01\\x86 | impossible shape
            K\\0J\\0\\0\\0\\x10\\x85K\\0\\x85     | far larger than the file
            K\\0N\\x85K\\x01\\x85                 | an extent or a stride is None
            """)
    void viewsThatDoNotFitAreRefused(String view, String reason) throws IOException {
        String program = "}X\\x01\\0\\0\\0actorch._utils\n_rebuild_tensor_v2\n(" + STORAGE + view
                + "\\x89ccollections\nOrderedDict\n)RtRs.";
        String message = refusal(zip(program(program), new byte[8]));
        assertTrue(message.contains(reason), message);
    }

    @Test
    void aStorageOfAnotherSizeIsRefused() throws IOException {
        String program = "}X\\x01\\0\\0\\0actorch._utils\n_rebuild_tensor_v2\n(" + STORAGE
                + "K\\0K\\x02\\x85K\\x01\\x85\\x89NtRs.";
        assertEquals(
                1, TorchFile.read(zip(program(program), new byte[8])).tensors().size());
        String message = refusal(zip(program(program), new byte[12]));
        assertTrue(message.contains("zip entry a/data/0 has 12 bytes, its tensors expect 8"), message);
    }

    @Test
    void aWrongChecksumIsRefused() throws IOException {
        String program = "}X\\x01\\0\\0\\0actorch._utils\n_rebuild_tensor_v2\n(" + STORAGE
                + "K\\0K\\x02\\x85K\\x01\\x85\\x89NtRs.";
        Path file = zip(program(program), "12345678".getBytes(StandardCharsets.US_ASCII));
        byte[] bytes = Files.readAllBytes(file);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("12345678");
        bytes[at]++;
        Files.write(file, bytes);
        String message = refusal(file);
        assertTrue(message.contains("zip entry a/data/0 is damaged"), message);
    }

    /** Thirty nested tuples, each of which contains the previous one twice. Code that traversed them would visit 2^30 elements. */
    @Test
    void nestingThatDoublesCostsNothing() throws IOException {
        StringBuilder program = new StringBuilder(")");
        for (int i = 0; i < 30; i++) {
            program.append("2\\x86");
        }
        Path file = zip(program(program + "."), new byte[0]);
        String message = assertTimeoutPreemptively(Duration.ofSeconds(5), () -> refusal(file));
        assertTrue(message.contains("holds a tuple"), message);
    }

    @Test
    void aMemoWithoutEndIsRefused() throws IOException {
        ByteArrayOutputStream program = new ByteArrayOutputStream();
        program.writeBytes(program(")"));
        for (int i = 0; i < 1_000_001; i++) {
            program.write(0x94);
        }
        String message = refusal(zip(program.toByteArray(), new byte[0]));
        assertTrue(message.contains("more than 1000000 values"), message);
    }

    @Test
    void aZipThatIsNoCheckpointIsRefused() throws IOException {
        Path file = folder.resolve("other.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry("readme.txt"));
            zip.closeEntry();
        }
        assertTrue(refusal(file).contains("not a PyTorch file"));
    }

    @Test
    void aBarePickleIsRefused() throws IOException {
        Path file = Files.write(folder.resolve("bare.pkl"), program("\\x80\\x02]K\\x01a."));
        assertEquals(file + ": is a pickle of a list, not a PyTorch file", refusal(file));
        Path other = Files.writeString(folder.resolve("other.pkl"), "plain text");
        assertTrue(refusal(other).contains("begins neither as a zip nor as a pickle"));
    }

    @Test
    void aCompressedBombIsRefusedBeforeItIsUnpacked() throws IOException {
        // 20 million zero floats compress to 80 kB.
        String program = "}X\\x01\\0\\0\\0actorch._utils\n_rebuild_tensor_v2\n("
                + STORAGE.replace("K\\x02", "J\\0\\x2d\\x31\\x01")
                + "K\\0J\\0\\x2d\\x31\\x01\\x85K\\x01\\x85\\x89NtRs.";
        Path file = folder.resolve("bomb.pkl");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry("a/data.pkl"));
            zip.write(program(program));
            zip.putNextEntry(new ZipEntry("a/data/0"));
            byte[] zeros = new byte[1_000_000];
            for (int i = 0; i < 80; i++) {
                zip.write(zeros);
            }
            zip.closeEntry();
        }
        assertTrue(refusal(file).contains("far larger than the file"));
    }

    private static String refusal(Path file) {
        FileFormatException refusal = assertThrows(FileFormatException.class, () -> TorchFile.read(file));
        assertTrue(refusal.getMessage().startsWith(file + ": "), refusal.getMessage());
        return refusal.getMessage();
    }

    /** A PyTorch zip with one storage, with the key 0. */
    private Path zip(byte[] program, byte[] storage) throws IOException {
        Path file = folder.resolve("a.pkl");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, byte[]> entry :
                    Map.of("a/data.pkl", program, "a/data/0", storage).entrySet()) {
                ZipEntry zipEntry = new ZipEntry(entry.getKey());
                CRC32 crc = new CRC32();
                crc.update(entry.getValue());
                zipEntry.setMethod(ZipEntry.STORED);
                zipEntry.setSize(entry.getValue().length);
                zipEntry.setCrc(crc.getValue());
                zip.putNextEntry(zipEntry);
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        }
        return file;
    }

    /** {@return the bytes of a program, in which \xNN and \0 are escapes for bytes} */
    private static byte[] program(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                bytes.write(c);
            } else if (text.charAt(i + 1) == 'x') {
                bytes.write(Integer.parseInt(text.substring(i + 2, i + 4), 16));
                i += 3;
            } else {
                bytes.write(0);
                i++;
            }
        }
        return bytes.toByteArray();
    }
}
