import { useState } from "preact/hooks";
import { changePassword } from "../state/session";
import { Dialog } from "./dialog";
import { PasswordForm } from "./password-form";
import { toast } from "./toast";

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState("");
  return (
    <Dialog title="Change password" onClose={onClose}>
      <PasswordForm
        submit="Change password"
        current={{ value: current, set: setCurrent }}
        save={async (next) => {
          await changePassword(current, next);
          toast("Password changed. Your other sessions have ended.");
          onClose();
        }}
      />
    </Dialog>
  );
}
