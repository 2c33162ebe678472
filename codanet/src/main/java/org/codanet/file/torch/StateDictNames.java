package org.codanet.file.torch;

import java.util.Collection;
import java.util.List;

/** The parts of the names in a state dict that come from wrappers of a network, not from the network itself. */
final class StateDictNames {
    /** The prefixes of parallel training, torch.compile, PyTorch Lightning, DeepSpeed and FSDP. */
    private static final List<String> WRAPPERS =
            List.of("module.", "_orig_mod.", "model.", "_forward_module.", "_fsdp_wrapped_module.");

    private StateDictNames() {}

    /** {@return whether an entry is training state, such as a counter, and not a weight} */
    static boolean isBookkeeping(String name) {
        String last = name.substring(name.lastIndexOf('.') + 1);
        return last.equals("n_averaged") || last.equals("_extra_state") || last.equals("num_batches_tracked");
    }

    /** {@return the longest sequence of wrapper prefixes that all names share; often empty} */
    static String sharedPrefix(Collection<String> names) {
        StringBuilder prefix = new StringBuilder();
        boolean longer = true;
        while (longer) {
            longer = false;
            for (String wrapper : WRAPPERS) {
                String candidate = prefix + wrapper;
                if (names.stream().allMatch(name -> name.startsWith(candidate) && name.length() > candidate.length())) {
                    prefix.append(wrapper);
                    longer = true;
                }
            }
        }
        return prefix.toString();
    }
}
