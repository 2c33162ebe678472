package org.codanet.cli.console;

import java.util.Optional;

/** Whether this JVM allows the bindings to call native code without a warning. */
public final class NativeAccess {
    /** The flag to pass when the JVM is started without the launcher. */
    public static final String FLAG = "--enable-native-access=org.codanet.bindings";

    private NativeAccess() {}

    /** Whether native access is enabled, by the flag or by a manifest. */
    public static boolean enabled() {
        Optional<Module> bindings = ModuleLayer.boot().findModule("org.codanet.bindings");
        return bindings.map(Module::isNativeAccessEnabled)
                .orElseGet(() -> NativeAccess.class.getModule().isNativeAccessEnabled());
    }

    /** The state of native access as text, with the missing flag if it is not enabled. */
    public static String describe() {
        return enabled() ? "enabled" : "not enabled: start Java with " + FLAG;
    }
}
