// The pages of a part of the app, side by side; where they do not fit, they scroll, and the one that is open is in sight.
import { useEffect, useRef } from "preact/hooks";

interface Props {
  label: string;
  pages: { href: string; label: string; current: boolean }[];
}

export function PageTabs({ label, pages }: Props) {
  const nav = useRef<HTMLElement>(null);
  const current = pages.findIndex((page) => page.current);
  useEffect(() => {
    nav.current?.children[current]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [current]);
  return (
    <nav class="tabs" aria-label={label} ref={nav}>
      {pages.map((page) => (
        <a key={page.href} href={page.href} aria-current={page.current ? "page" : undefined}>
          {page.label}
        </a>
      ))}
    </nav>
  );
}
