package org.codanet.nn.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ProvidersTest {
    @Test
    void programsOnTheClassPathFindTheSameDevicesAsModulesDo() throws IOException {
        String service = DeviceProvider.class.getName();
        ModuleDescriptor module = DeviceProvider.class.getModule().getDescriptor();
        assertTrue(module != null, "this test has to run on the module path");
        List<String> byModule = module.provides().stream()
                .filter(provided -> provided.service().equals(service))
                .flatMap(provided -> provided.providers().stream())
                .toList();
        try (InputStream file = DeviceProvider.class.getResourceAsStream("/META-INF/services/" + service)) {
            List<String> byFile = new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .toList();
            assertEquals(byModule, byFile);
        }
    }
}
