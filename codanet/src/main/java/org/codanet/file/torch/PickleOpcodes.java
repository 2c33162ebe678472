package org.codanet.file.torch;

import java.util.Locale;
import java.util.Map;

/** Names of the pickle opcodes that are refused, for error messages. */
final class PickleOpcodes {
    private static final Map<Integer, String> NAMES = Map.ofEntries(
            Map.entry((int) 'I', "INT"),
            Map.entry((int) 'L', "LONG"),
            Map.entry((int) 'F', "FLOAT"),
            Map.entry((int) 'S', "STRING"),
            Map.entry((int) 'V', "UNICODE"),
            Map.entry((int) 'P', "PERSID"),
            Map.entry((int) 'p', "PUT"),
            Map.entry((int) 'g', "GET"),
            Map.entry((int) 'i', "INST"),
            Map.entry((int) 'o', "OBJ"),
            Map.entry(0x82, "EXT1"),
            Map.entry(0x83, "EXT2"),
            Map.entry(0x84, "EXT4"),
            Map.entry(0x97, "NEXT_BUFFER"),
            Map.entry(0x98, "READONLY_BUFFER"));

    private PickleOpcodes() {}

    /** {@return the name and the number, such as {@code INST (0x69)}} */
    static String of(int opcode) {
        return NAMES.getOrDefault(opcode, "unknown") + String.format(Locale.ROOT, " (0x%02x)", opcode);
    }
}
